//go:build linux

package e2e

import (
	"encoding/json"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// demo is a program whose output has colours, wide characters, one that two reads
// cut, bytes that are no UTF-8, and a secret.
const demo = `printf '\033]0;a window\007'; echo welcome; sleep 0.05
printf '\033[1;31mred\033[0m ├─┤ ⣿ 漢字 é\n'; sleep 0.05
printf 'caf\303'; sleep 0.05; printf '\251 \377\376\n'; sleep 0.05
printf '\033[2J\033[Hlast screen\n'; echo tok-abc; sleep 0.05; exit 3`

// demo records it to demo.cast, as the run "demo".
func (w *world) demo() {
	w.t.Helper()
	w.script("demo.sh", demo)
	if r := w.run("rec", "demo.cast", "--headless", "-q", "--name", "demo", "--title", "a <talk>", "--size", "60x12", "--", "./demo.sh"); r.status != 3 {
		w.t.Fatalf("%+v", r)
	}
}

// tool runs another program in the world's directory.
func (w *world) tool(name string, args ...string) string {
	w.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.dir, append(slices.Clip(w.env), "HOME="+w.dir, "LC_ALL=C.UTF-8", "SHELL=/bin/sh")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// streams are what a recording has of the program's output and of what was typed,
// and when the last of it was.
func (w *world) streams(name string) (out, in string, last time.Duration) {
	w.t.Helper()
	r, err := cast.Open(w.path(name), cast.ReadOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	for e, err := range r.All() {
		if err != nil {
			w.t.Fatal(err)
		}
		switch e.Code {
		case cast.Output:
			out, last = out+string(e.Data), e.Time
		case cast.Input:
			in, last = in+string(e.Data), e.Time
		}
	}
	return out, in, last
}

// same checks that two recordings have the same bytes, at the same times to 1 ms.
// Version 1, by which one of them came, has text alone.
func (w *world) same(a, b string, v1 bool) {
	w.t.Helper()
	out, in, last := w.streams(a)
	out2, in2, last2 := w.streams(b)
	if v1 {
		out = string([]rune(out))
	}
	if out != out2 || in != in2 || out == "" || (last-last2).Abs() > time.Millisecond {
		w.t.Errorf("%s: %q, typed %q, until %v\n%s: %q, typed %q, until %v", a, out, in, last, b, out2, in2, last2)
	}
}

// Every format leads to every other and back with the same bytes.
func TestCastConvert(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.demo()
	formats := []string{"v1", "v2", "v3", "script", "script-classic", "ttyrec"}
	for _, a := range formats {
		w.must("cast", "convert", "demo.cast", a, "--to", a)
		w.same("demo.cast", a, a == "v1")
		for _, b := range formats {
			w.must("cast", "convert", a, a+b, "--to", b)
			w.must("cast", "convert", a+b, a+b+".cast", "--to", "v3")
			w.same("demo.cast", a+b+".cast", a == "v1" || b == "v1")
		}
	}
	if got := w.must("cast", "convert", "v2script", "--to", "v2"); got != w.read(w.path("v2")) {
		t.Errorf("version 2 by way of a typescript:\n%s\nand was\n%s", got, w.read(w.path("v2")))
	}
	raw := w.must("cast", "convert", "demo.cast", "--to", "raw")
	if raw != "\x1b[8;12;60t"+w.tape("demo.cast").out {
		t.Errorf("raw: %q", raw)
	}
	// A run, a rank of it, the folder of its logs, and what comes from a pipe.
	for _, from := range []string{"demo", "demo/0", filepath.Join(w.ps()[0].Dir, "attempt_0", "0")} {
		if got := w.must("cast", "convert", from, "--to", "raw"); got != raw {
			t.Errorf("%s: %q", from, got)
		}
	}
	got := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader(w.read(w.path("v2"))) }, "cast", "convert", "-", "--to", "raw")
	if got.stdout != raw || got.status != 0 {
		t.Errorf("from a pipe: %+v", got)
	}
	if got := w.must("cast", "convert", "demo.cast", "--without", "exit", "--to", "v2"); strings.Contains(got, `"x"`) || !strings.Contains(got, "welcome") {
		t.Errorf("--without:\n%s", got)
	}
}

// What asciinema and script record comes back as it was.
func TestCastConvertPeers(t *testing.T) {
	t.Parallel()
	asciinema := testpeer.Need(t, "asciinema", "asciinema")
	script := testpeer.Need(t, "script", "bsdutils")
	w := newWorld(t)
	w.script("demo.sh", strings.Replace(demo, "exit 3", "exit 0", 1))
	w.tool(asciinema, "rec", "-q", "-t", "a title", "-c", "./demo.sh", "a.cast")
	w.tool(script, "-q", "-c", "./demo.sh", "-T", "s.timing", "-m", "advanced", "-B", "s")
	w.tool(script, "-q", "-c", "./demo.sh", "-T", "c.timing", "-m", "classic", "-O", "c")
	for _, c := range [][2]string{{"a.cast", "v2"}, {"s", "script"}, {"c", "script-classic"}} {
		for _, by := range []string{"v1", "v2", "v3", "script"} {
			there, back := c[0]+"-"+by, c[0]+"-"+by+"-back"
			w.must("cast", "convert", c[0], there, "--to", by)
			w.must("cast", "convert", there, back, "--to", c[1])
			w.same(c[0], there, by == "v1")
			w.same(c[0], back, by == "v1")
		}
	}
	if a, b := w.read(w.path("c.timing")), w.read(w.path("c-script-back.timing")); a != b {
		t.Errorf("the classic timing was\n%s\nand is\n%s", a, b)
	}
	var info struct {
		Format, Title string
		Cols, Rows    int
		Exit          *int
	}
	if err := json.Unmarshal([]byte(w.must("cast", "info", "a.cast-v3-back", "--json")), &info); err != nil || info.Format != "v2" || info.Title != "a title" {
		t.Errorf("%+v %v", info, err)
	}
	if got := w.must("cast", "info", "s"); !strings.Contains(got, "format     script\n") || !strings.Contains(got, "exit       0\n") {
		t.Errorf("info:\n%s", got)
	}
}

// Pictures are what other programs take for such.
func TestCastPictures(t *testing.T) {
	t.Parallel()
	rsvg := testpeer.Need(t, "rsvg-convert", "librsvg2-bin")
	w := newWorld(t)
	w.demo()
	w.must("cast", "convert", "demo.cast", "d.svg", "--theme", "dracula", "--frame")
	w.tool(rsvg, "d.svg", "-o", "d.svg.png")
	w.must("cast", "convert", "demo.cast", "d.gif", "--speed", "0.5", "--scale", "0.5")
	w.must("cast", "convert", "demo.cast", "frames", "--to", "png")
	w.must("cast", "convert", "demo.cast", "d.html", "--title", "<b>&")
	w.must("cast", "screen", "demo.cast", "--at", "0.01", "--png", "first.png")
	f, err := os.Open(w.path("d.gif"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if g, err := gif.DecodeAll(f); err != nil || len(g.Image) < 4 {
		t.Errorf("%v: %d frames", err, len(g.Image))
	}
	frames, _ := filepath.Glob(w.path("frames/*.png"))
	if len(frames) < 4 {
		t.Errorf("frames: %q", frames)
	}
	for _, name := range append(frames, w.path("d.svg.png"), w.path("first.png")) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		f.Close()
		if err != nil || img.Bounds().Dx() < 60*4 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page := w.read(w.path("d.html")); !strings.Contains(page, "<title>&lt;b&gt;&amp;</title>") || strings.Contains(page, "http-equiv=\"refresh\"") {
		t.Errorf("the page begins with\n%.300s", page)
	}
	if got := w.must("cast", "convert", "demo.cast", "--to", "txt"); got != "last screen\ntok-abc\n" {
		t.Errorf("txt: %q", got)
	}
	// What is there is not touched, unless that is asked for.
	before := w.read(w.path("d.svg"))
	for _, args := range [][]string{{"d.svg"}, {"frames", "--to", "png"}} {
		if r := w.run(append([]string{"cast", "convert", "demo.cast"}, args...)...); r.status != 2 || !strings.Contains(r.stderr, "--overwrite") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if w.read(w.path("d.svg")) != before {
		t.Error("d.svg was changed")
	}
	w.must("cast", "convert", "demo.cast", "d.svg", "--overwrite")
	if w.read(w.path("d.svg")) == before {
		t.Error("d.svg was not changed")
	}
}
