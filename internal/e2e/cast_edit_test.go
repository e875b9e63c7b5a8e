//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The commands that edit are filters, and do what they say.
func TestCastEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("s.cast", scenes)
	for _, c := range []struct{ args, want string }{
		{"cut s.cast --only 1:30-3:30", `[10.0, "o", "\u001b[2J\u001b[Hscene two`},
		{"cut s.cast --remove 50-150 --remove 4:00- --drop", `[100.0, "o", "\u001b[2J\u001b[Hscene three`},
		{"retime s.cast --speed 2", `[150.0, "m", "the fourth"]`},
		{"retime s.cast --idle-limit 1", `[2.0, "o", "\u001b[2J\u001b[Hscene three`},
		{"retime s.cast --total 40", `[40.0, "x", "0"]`},
		{"retime s.cast --shift 5", `[5.0, "o", "\u001b[2J\u001b[Hscene one`},
		{"redact s.cast needle", "scene two, a ******\\r\\n"},
		{"redact s.cast --rule the\\s --with X", `"m", "Xsecond"`},
		{"mark s.cast --at 1:00=here --remove", `[60.0, "m", "here"]`},
		{"mark s.cast --matches scene.t\\w+", `"m", "scene three"`},
		{"join s.cast s.cast --gap 1 --mark-exits", `[601.0, "o", "\u001b[2J\u001b[Hscene three`},
	} {
		args := append([]string{"cast"}, strings.Fields(c.args)...)
		got := w.must(args...)
		if !strings.Contains(got, c.want) || !strings.HasPrefix(got, `{"version":2,"width":40,"height":10`) {
			t.Errorf("%s: %s is not in\n%s", c.args, c.want, got)
		}
		// The same into a file, and by a pipe where that goes.
		w.must(append(args, "-o", "out.cast", "--overwrite")...)
		if file := w.read(w.path("out.cast")); file != got {
			t.Errorf("%s -o: %s", c.args, file)
		}
		if strings.Contains(c.args, "--total") || strings.HasPrefix(c.args, "join") {
			continue
		}
		args[2] = "-"
		if r := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader(scenes) }, args...); r.stdout != got {
			t.Errorf("%s from a pipe: %+v", c.args, r)
		}
	}
	for _, c := range []struct {
		args, want string
		status     int
	}{
		{"grep needle s.cast", "1:40-3:20 scene two, a needle\n5:00-6:40 scene four, a needle\n", 0},
		{"grep -i NEEDLE -F s.cast out.cast -q", "", 0},
		{"grep absent s.cast", "", 1},
		{"screen s.cast --at 2:00", "scene two, a needle\n", 0},
		{"screen s.cast --at 0", "scene one\n", 0},
		{"screen s.cast", "scene four, a needle\n", 0},
	} {
		if r := w.run(append([]string{"cast"}, strings.Fields(c.args)...)...); r.stdout != c.want || r.status != c.status {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
	for _, form := range []string{"--ansi", "--json", "--hash", "--svg", "--html", "--png"} {
		args := []string{"cast", "screen", "s.cast", form}
		if slices.Contains([]string{"--svg", "--html", "--png"}, form) {
			args = append(args, "-")
		}
		if got := w.must(args...); len(got) < 10 {
			t.Errorf("%s: %q", form, got)
		}
	}
}

// Nothing that was there is lost: not by a command that fails, nor by one that
// reads the file that it writes.
func TestCastKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var large strings.Builder // more than any buffer
	large.WriteString(`{"version":2,"width":80,"height":24}` + "\n")
	for i := range 20_000 {
		fmt.Fprintf(&large, "[%d.0, \"o\", \"line %d\\r\\n\"]\n", i, i)
	}
	for _, args := range [][]string{
		{"retime", "l.cast", "--speed", "2", "-w"},
		{"retime", "l.cast", "--speed", "2", "-o", "l.cast", "--overwrite"},
		{"convert", "l.cast", "l.cast", "--to", "v3", "--overwrite"},
		{"join", "l.cast", "l.cast", "-o", "l.cast", "--overwrite"},
		{"join", "-", "l.cast", "-o", "l.cast", "--overwrite"},
	} {
		w.write("l.cast", large.String())
		if r := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader(scenes) }, append([]string{"cast"}, args...)...); r.status != 0 {
			t.Errorf("%q: %+v", args, r)
		}
		if got := w.read(w.path("l.cast")); strings.Count(got, "line ") < 20_000 {
			t.Errorf("%q leaves %d lines", args, strings.Count(got, "line "))
		}
	}
	damaged := large.String() + "[1.0, \"o\n" + "[20000.0, \"o\", \"end\"]\n"
	w.write("bad.cast", damaged)
	w.write("kept", "kept")
	for _, args := range [][]string{
		{"retime", "bad.cast", "--speed", "2", "-w"},
		{"cut", "bad.cast", "--only", "1-", "-o", "new.cast"},
		{"convert", "bad.cast", "kept", "--to", "v3", "--overwrite"},
		{"convert", "bad.cast", "kept", "--to", "html", "--overwrite"},
		{"convert", "bad.cast", "new.html"},
		{"grep", "absent", "bad.cast"},
		{"screen", "bad.cast"},
	} {
		r := w.run(append([]string{"cast"}, args...)...)
		if r.status != 2 || !strings.Contains(r.stderr, "line 20002") || !strings.Contains(r.stderr, "sluice cast repair") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if w.read(w.path("bad.cast")) != damaged || w.read(w.path("kept")) != "kept" {
		t.Error("a file was changed")
	}
	if left, _ := filepath.Glob(w.path("new*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	if hidden, _ := filepath.Glob(w.path(".s*")); len(hidden) > 0 {
		t.Errorf("%q are left", hidden)
	}
	if r := w.run("cast", "info", "bad.cast"); r.status != 1 || !strings.Contains(r.stdout, "sluice cast repair bad.cast") {
		t.Errorf("%+v", r)
	}
	if got := w.must("cast", "repair", "bad.cast"); !strings.Contains(got, "line 20002") {
		t.Errorf("repair: %s", got)
	}
	if got := w.must("cast", "screen", "bad.cast"); !strings.Contains(got, "end\n") {
		t.Errorf("after it:\n%s", got)
	}
	if got := w.must("cast", "repair", "bad.cast"); !strings.Contains(got, "nothing to mend") {
		t.Errorf("repair again: %s", got)
	}
	// What cannot be written to stays as it is; a device is written to and no more.
	if err := os.Mkdir(w.path("folder.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mknod(w.path("null.png"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		if os.Geteuid() == 0 {
			t.Fatal(err)
		}
		w.write("null.png", "") // only root makes devices
	}
	w.write("old.png", "an old picture")
	for name, want := range map[string]int{"folder.png": 2, "null.png": 0, "no/such.png": 2, "old.png": 0} {
		if r := w.run("cast", "screen", "bad.cast", "--png", name); r.status != want {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, name := range []string{"folder.png", "null.png", "old.png"} {
		if _, err := os.Lstat(w.path(name)); err != nil {
			t.Error(err)
		}
	}
	if got := w.read(w.path("old.png")); !strings.HasPrefix(got, "\x89PNG") {
		t.Errorf("the old picture is %.20q", got)
	}
	// A picture does not replace what it is made of.
	before := w.must("cast", "convert", "bad.cast")
	for _, form := range []string{"--png", "--svg", "--html"} {
		if r := w.run("cast", "screen", "bad.cast", form, "./bad.cast"); r.status != 2 || !strings.Contains(r.stderr, "the recording itself") {
			t.Errorf("%s: %+v", form, r)
		}
	}
	if after := w.must("cast", "convert", "bad.cast"); after != before {
		t.Error("the recording is another one")
	}
	// What comes from a pipe is put into a file to move in; nobody finds it later.
	if r := w.runWith(func(c *exec.Cmd) {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", sluice + ` cast grep line - <l.cast | head -n 1`}
		c.Env = append(c.Env, "TMPDIR="+w.dir)
	}); !strings.HasSuffix(r.stdout, "line 0\n") || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if left, _ := filepath.Glob(w.path("sluice-*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	// A reader that has enough is no error worth a word.
	r := w.runWith(func(c *exec.Cmd) {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", sluice + ` cast convert bad.cast --to v3 | head -n 1`}
	})
	if r.stdout != "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"cast", "info", "bad.cast"}, {"cast", "convert", "bad.cast"}, {"cast", "screen", "bad.cast"}, {"play", "bad.cast", "--speed", "max"}} {
		r := w.runWith(func(c *exec.Cmd) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { full.Close() })
			c.Stdout = full
		}, args...)
		if r.status != 125 || !strings.Contains(r.stderr, "no space left") {
			t.Errorf("%q onto a full disk: %+v", args, r)
		}
	}
}

// What moves in a recording reads pipes and FIFOs as well as files, and tells what is
// not as it should be.
func TestCastPipes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("cut.cast", "{\"version\":2,\"width\":40,\"height\":5}\n[0.1, \"o\", \"hello\"]\ngarbage\n[0.5, \"o\", \"\"]\n[0.6, \"o\"")
	for _, command := range []string{"cast screen FILE", "cast grep hello FILE", "cast convert FILE --to txt", "cast convert FILE --to raw", "play FILE --speed max"} {
		for _, from := range []string{"cut.cast", "<(cat cut.cast)", "fifo"} {
			script := "rm -f fifo; mkfifo fifo; { timeout 20 cat cut.cast >fifo & } 2>/dev/null; timeout 20 " +
				sluice + " " + strings.ReplaceAll(command, "FILE", from) + " --lenient; status=$?; kill %1 2>/dev/null; exit $status"
			r := w.runWith(func(c *exec.Cmd) { c.Path, c.Args = "/bin/bash", []string{"bash", "-c", script} })
			if r.status != 0 || !strings.Contains(r.stdout, "hello") || !strings.Contains(r.stderr, "line 3: it is left out") || !strings.Contains(r.stderr, "line 5: the last line is cut") {
				t.Errorf("%s, %s: %+v", command, from, r)
			}
		}
	}
}
