//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// tape is a recording that was read to its end.
type tape struct {
	header   cast.Header
	out, in  string
	markers  []string
	exit     int // -1: none
	last     time.Duration
	warnings []cast.Warning
}

func (w *world) tape(name string) *tape {
	w.t.Helper()
	r, err := cast.Open(w.path(name), cast.ReadOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	got := &tape{header: r.Header(), exit: -1}
	for e, err := range r.All() {
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		got.last = e.Time
		switch e.Code {
		case cast.Output:
			got.out += string(e.Data)
		case cast.Input:
			got.in += string(e.Data)
		case cast.Marker:
			got.markers = append(got.markers, string(e.Data))
		case cast.Exit:
			got.exit = e.Status
		}
	}
	got.warnings = r.Warnings()
	return got
}

// A person records their shell: markers, a pause, what is hidden by it, the end.
func TestStoryRec(t *testing.T) {
	t.Parallel()
	asciinema := testpeer.Need(t, "asciinema", "asciinema")
	o := newOuter(newWorld(t))
	p := o.main
	o.script("talk", `echo welcome; while read -r l; do echo "<$l>"; [ "$l" = bye ] && exit 4; done`)
	p.line("$S rec demo.cast --title 'a talk' -- ./talk")
	p.shows("welcome")
	p.types("one\r")
	p.shows("<one>")
	p.keys("C-]", "m")
	p.shows("marked")
	p.keys("C-]", "p")
	p.shows("recording paused")
	p.types("unseen\r")
	p.shows("<unseen>")
	p.keys("C-]", "p")
	p.shows("recording goes on")
	p.types("bye\r")
	p.prompted()
	p.shows("recorded to demo.cast; play it: sluice play demo.cast")
	if st := p.status(); st != "4" {
		t.Errorf("status %s of rec", st)
	}
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}

	tape := o.tape("demo.cast")
	if tape.header.Title != "a talk" || tape.header.Command != "./talk" || tape.exit != 4 || len(tape.markers) != 1 || tape.in != "" {
		t.Errorf("%+v", tape)
	}
	// What was paused is on the screen at Show, and nowhere before that.
	if before, after, ok := strings.Cut(tape.out, "\x1b[H\x1b[2J"); !ok || strings.Contains(before, "unseen") || !strings.Contains(after, "<bye>") {
		t.Errorf("%q", tape.out)
	}
	if st, err := os.Stat(o.path("demo.cast")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
	// Again to the same file: refused, and nothing is lost.
	before := o.read(o.path("demo.cast"))
	if r := o.run("rec", "demo.cast", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "--overwrite") {
		t.Errorf("%+v", r)
	}
	if o.read(o.path("demo.cast")) != before {
		t.Error("the recording was changed")
	}

	// Others play it.
	p.fresh("$S cast convert demo.cast v2.cast --to v2 && " + asciinema + " cat v2.cast; echo end=$?")
	p.shows("end=0")
	if got := p.seen(); !strings.Contains(got, "<bye>") {
		t.Errorf("asciinema cat:\n%s", got)
	}

	// And so do we: search, and the screen at the end.
	p.fresh("$S play demo.cast --speed 100")
	p.prompted()
	if got := p.modes(); got != sane {
		t.Errorf("play leaves the terminal with %s", got)
	}
	if got := o.must("cast", "screen", "demo.cast"); !strings.Contains(got, "<one>") || !strings.Contains(got, "<bye>") {
		t.Errorf("the last screen:\n%s", got)
	}
}

// What is typed is recorded if it is asked for, and not while it is not shown;
// without, it is in no file at all.
func TestStoryRecInput(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("login", `printf 'name: '; read -r n; stty -echo; printf 'password: '; read -r p; stty echo; echo; echo "${#p} characters"; read -r x`)
	for i, flags := range []string{"--input", ""} {
		file := fmt.Sprintf("in%d.cast", i)
		p.fresh("$S rec " + file + " " + flags + " -- ./login")
		p.shows("name: ")
		p.types("somebody\r")
		p.shows("password:")
		id := o.ps()[0].ID
		p.until("the echo is off", func() bool { return strings.Contains(o.must("screen", id, "--json"), `"echo":false`) })
		p.types("hunter2-secret\r")
		p.shows("14 characters")
		p.types("\r")
		p.prompted()
		tape := o.tape(file)
		if want := map[bool]string{true: "somebody\r\r", false: ""}[flags != ""]; tape.in != want {
			t.Errorf("%q: typed %q, want %q", flags, tape.in, want)
		}
		if b := o.read(o.path(file)); strings.Contains(b, "hunter2") {
			t.Errorf("%s has the password", file)
		}
		err := filepath.WalkDir(o.dirOf(id), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && d.Name() != "login" {
				b := o.read(path)
				if strings.Contains(b, "hunter2") || flags == "" && strings.HasSuffix(path, "stdin.log") {
					t.Errorf("%s has %q", path, clip(b))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What terminals answer was typed by nobody: neither the emulator's answers nor those
// of the person's terminal are input in a recording.
func TestRecAnswers(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	o.script("ask", `upto() { while k=$(dd bs=1 count=1 2>/dev/null); [ "$k" != "$1" ]; do :; done; printf 'answered with %s\r\n' "$1"; }
		stty raw -echo; printf '\033[c'; upto c; printf '\033[6n'; upto R; printf 'ready\r\n'; upto y; stty sane`)
	check := func(file string) {
		t.Helper()
		tape := o.tape(file)
		if tape.in != "xy" || strings.Count(tape.out, "answered with") != 3 {
			t.Errorf("%s: typed %q; %q", file, tape.in, tape.out)
		}
	}
	o.must("rec", "a.cast", "--input", "-d", "--name", "a", "--", "./ask")
	o.waitText("a", "ready")
	o.must("type", "a", "xy")
	o.waitEnded("a")
	check("a.cast")

	p := o.main
	p.fresh("$S rec b.cast --input -- ./ask")
	p.shows("ready")
	p.types("xy")
	p.prompted()
	check("b.cast")
	log := o.read(filepath.Join(o.dirOf(o.ps()[0].ID), "timing"))
	if !strings.Contains(log, "SOURCE reply") {
		t.Errorf("the logs have no answer:\n%s", log)
	}
}

// Whatever is killed, and whenever: the file opens, it holds the beginning of what
// the program wrote, and all that could be read in it before.
func TestRecKilled(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newWorld(t)
	w.endRuns()
	runs := 20
	if testpeer.Strict() {
		runs = 100
	}
	for i := range runs {
		name := fmt.Sprintf("k%d.cast", i)
		s := w.start("rec", name, "-q", "--headless", "--name", fmt.Sprintf("k%d", i), "--", "sh", "-c",
			`i=0; while :; do i=$((i+1)); echo "line $i é"; done`)
		path := w.path(name)
		eventually(t, "something is recorded", func() bool {
			b, _ := os.ReadFile(path)
			return bytes.Count(b, []byte("\n")) > 1
		})
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
		before := w.read(path)
		rec := w.ps()[0]
		for _, pid := range [][]int{{rec.Agent.Pid}, {s.Process.Pid, rec.Agent.Pid}, {rec.Agent.Pid, s.Process.Pid}}[i%3] {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Fatal(err)
			}
		}
		s.end()
		after := w.read(path)
		if !strings.HasPrefix(after, before) {
			t.Fatalf("run %d: what was in the file is not there any more", i)
		}
		// A SIGKILL in the middle of a write leaves what fitted into the pages so far:
		// the kernel looks for it at the end of each.
		cut := !strings.HasSuffix(after, "\n") && len(after)%os.Getpagesize() == 0
		if !strings.HasSuffix(after, "\n") && !cut {
			t.Errorf("run %d: the last line is half a line: %q", i, after[max(0, len(after)-80):])
		}
		tape := w.tape(name)
		if len(tape.warnings) > 0 && !cut {
			t.Errorf("run %d: %v", i, tape.warnings)
		}
		log := w.read(filepath.Join(rec.Dir, "attempt_0", "0", "stdout.log"))
		if !strings.HasPrefix(log, tape.out) || tape.out == "" {
			t.Fatalf("run %d: the recording is not what the program wrote first: %d bytes, %d in the log", i, len(tape.out), len(log))
		}
		for n, line := range strings.Split(strings.TrimSuffix(tape.out, "\r\n"), "\r\n") {
			if want := "line " + strconv.Itoa(n+1) + " é"; line != want && !strings.HasPrefix(want+"\r", line) {
				t.Fatalf("run %d: %q, want %q", i, line, want)
			}
		}
		// Nothing to mend, and the run's own logs have the rest.
		if got := w.must("cast", "repair", name); !strings.Contains(got, "nothing to mend") && !cut {
			t.Errorf("run %d: %s", i, got)
		}
		os.Remove(path)
	}
	if got := w.must("cast", "convert", "k0", "--to", "raw", "-o", "k0.raw"); got != "" {
		t.Errorf("%q", got)
	}
}

// A full disk ends the recording, not the program; or the recording waits.
func TestRecFullDisk(t *testing.T) {
	testpeer.NeedRoot(t, "to mount a small disk")
	w := newWorld(t)
	small := w.path("small")
	w.mkdir(small)
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=64k"); err != nil {
		testpeer.Missing(t, "mounting a tmpfs: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(small, syscall.MNT_DETACH) })
	const command = `head -c 20000 /dev/zero | tr '\0' x; sleep 0.3; head -c 180000 /dev/zero | tr '\0' x; echo; echo end; exit 4`
	r := w.run("rec", "small/f.cast", "--headless", "--", "sh", "-c", command)
	if r.status != 4 || strings.Count(r.stderr, "the recording") != 1 || !strings.Contains(r.stderr, "no space left on device") || strings.Contains(r.stderr, "recorded to") {
		t.Errorf("%d\n%s", r.status, r.stderr)
	}
	tape := w.tape("small/f.cast")
	if len(tape.out) < 20000 || strings.Trim(tape.out, "x") != "" || len(tape.warnings) > 0 {
		t.Errorf("%d bytes: %.100q", len(tape.out), tape.out)
	}
	if got := w.must("cast", "info", w.ps()[0].ID); !strings.Contains(got, "output     200007 bytes") {
		t.Errorf("the logs:\n%s", got)
	}

	os.Remove(filepath.Join(small, "f.cast"))
	s := w.start("rec", "small/f.cast", "--headless", "--on-full", "wait", "--", "sh", "-c", command)
	eventually(t, "it waits for room", func() bool { return strings.Contains(s.err.String(), "waits for room") })
	eventually(t, "the program ends meanwhile", func() bool { return w.ps()[0].Workers[0].Kind == "exited" })
	if err := syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=1m"); err != nil {
		t.Fatal(err)
	}
	if st := s.end(); st != 4 || !strings.Contains(s.err.String(), "recorded to") {
		t.Errorf("%d\n%s", st, s.err)
	}
	if tape := w.tape("small/f.cast"); len(tape.out) != 200007 || tape.exit != 4 {
		t.Errorf("%d bytes, exit %d", len(tape.out), tape.exit)
	}

	// Ctrl-C ends the waiting, and what there is stays.
	if err := syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=280k"); err != nil {
		t.Fatal(err)
	}
	w.write("small/bad.cast", "{\"version\":2,\"width\":80,\"height\":24}\ngarbage\n[1, \"o\", \"a\"]\n")
	s = w.start("rec", "small/g.cast", "--headless", "--on-full", "wait", "--", "sh", "-c", command)
	eventually(t, "it waits for room again", func() bool { return strings.Contains(s.err.String(), "waits for room") })
	eventually(t, "the run ends meanwhile", func() bool { return w.ps()[0].State == "ended" })
	s.Process.Signal(syscall.SIGINT)
	if st := s.end(); st != 4 || !strings.Contains(s.err.String(), "ends here") {
		t.Errorf("%d\n%s", st, s.err)
	}
	if tape := w.tape("small/g.cast"); len(tape.out) < 20000 || len(tape.warnings) > 0 {
		t.Errorf("%d bytes, %v", len(tape.out), tape.warnings)
	}

	// What cannot even begin does not, and leaves nothing behind.
	fill, err := os.Create(filepath.Join(small, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	defer fill.Close()
	if _, err := fill.Write(make([]byte, 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for _, mode := range []string{"stop", "wait"} {
		r := w.run("rec", "small/h.cast", "--headless", "--on-full", mode, "--", "touch", "ran")
		if r.status == 0 || !strings.Contains(r.stderr, "no space left on device") {
			t.Errorf("%s: %+v", mode, r)
		}
		for _, name := range []string{"small/h.cast", "ran"} {
			if _, err := os.Lstat(w.path(name)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: %s: %v", mode, name, err)
			}
		}
	}

	// So it is with what is made of recordings, and it is said once.
	for _, args := range []string{"convert small/g.cast small/o.cast", "convert small/g.cast small/o.svg", "repair small/bad.cast"} {
		r := w.run(append([]string{"cast"}, strings.Fields(args)...)...)
		if r.status != 125 || strings.Count(r.stderr, "no space left on device") != 1 {
			t.Errorf("%s: %+v", args, r)
		}
		if made, _ := filepath.Glob(filepath.Join(small, "o.*")); len(made) > 0 {
			t.Errorf("%s: it has left %v", args, made)
		}
	}
}

// Secrets are not in the recording, and the logs that had them are gone.
func TestRecRedact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("rec", "r.cast", "--headless", "-q", "--redact", `tok-[a-z]+`, "--redact", "password-assignments", "--",
		"sh", "-c", `printf to; sleep 0.05; printf 'k-\033[1mabc'; sleep 0.05; echo 'def\033[m'; echo DB_PASSWORD=hunter2; echo done`)
	tape := w.tape("r.cast")
	if want := "**\x1b[1m"; !strings.HasPrefix(tape.out, "**") || !strings.Contains(tape.out, "DB_PASSWORD=*******\r\ndone") || strings.Contains(tape.out, "abc") {
		t.Errorf("%q, want %q...", tape.out, want)
	}
	filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".log") && strings.Contains(w.read(path), "hunter2") {
			t.Errorf("%s has the secret", path)
		}
		return nil
	})
	if r := w.run("rec", "x.cast", "--redact", "(", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "--redact") {
		t.Errorf("%+v", r)
	}
}

// Other formats while recording, and appending: real tools read them.
func TestRecFormats(t *testing.T) {
	t.Parallel()
	scriptreplay := testpeer.Need(t, "scriptreplay", "bsdutils")
	w := newWorld(t)
	w.must("rec", "x.typescript", "--headless", "-q", "--", "printf", `one\ntwo\n`)
	out, err := exec.Command(scriptreplay, "--log-timing", w.path("x.typescript.timing"), "--log-io", w.path("x.typescript")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "one\r\ntwo\r\n") {
		t.Errorf("%v\n%q", err, out)
	}
	w.must("rec", "x.ttyrec", "--headless", "-q", "--", "printf", `one\n`)
	if got := w.must("cast", "convert", "x.ttyrec", "--to", "raw"); !strings.HasSuffix(got, "one\r\n") {
		t.Errorf("%q", got)
	}
	w.must("rec", "a.cast", "--headless", "-q", "-f", "v2", "--", "echo", "one")
	r := w.run("rec", "a.cast", "--append", "--headless", "-q", "--size", "100x30", "--", "sh", "-c", "echo two; exit 3")
	tape := w.tape("a.cast")
	if r.status != 3 || tape.out != "one\r\ntwo\r\n" || tape.exit != 3 {
		t.Errorf("%+v %+v", r, tape)
	}
	if r := w.run("rec", "a.cast", "--append", "-f", "v3", "--headless", "--", "true"); r.status == 0 || !strings.Contains(r.stderr, "v2") {
		t.Errorf("appending in another format: %+v", r)
	}
}

// A worker that is started anew goes on in the same recording.
func TestRecRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.script("lives", `echo "life $SLUICE_ATTEMPT"; [ "$SLUICE_ATTEMPT" = 1 ] || exit 9`)
	w.must("run", "--pty", "--record", "l.cast", "-q", "--restarts", "1", "--", "./lives")
	tape := w.tape("l.cast")
	if tape.exit != 0 || len(tape.markers) != 1 || !strings.Contains(tape.markers[0], "ended with 9") || !strings.Contains(tape.out, "life 0\r\n\x1bclife 1\r\n") {
		t.Errorf("%+v", tape)
	}
}
