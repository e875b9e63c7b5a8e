//go:build linux || darwin

package redirect

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEverythingLandsInTheFile(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	fmt.Println("before")
	r := s.ok(Stdout(s.path("log")))
	fmt.Println("Println")
	os.Stdout.WriteString("os.Stdout\n")
	s.say(1, "descriptor\n")
	s.sh("echo child; (echo grandchild; sh -c 'echo great-grandchild')")
	s.say(2, "stderr stays\n")

	// A child that was started before Restore keeps what it was given.
	late := exec.Command("sh", "-c", "read line; echo $line")
	late.Stdout = os.Stdout
	in, err := late.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Start(); err != nil {
		t.Fatal(err)
	}
	s.restore(r)
	fmt.Println("after")
	fmt.Fprintln(in, "late child")
	if err := late.Wait(); err != nil {
		t.Error(err)
	}
	s.want("log", "Println\nos.Stdout\ndescriptor\nchild\ngrandchild\ngreat-grandchild\nlate child\n")
	s.want("term.out", "before\nafter\n")
	s.want("term.err", "stderr stays\n")
}

func TestPanicTraceLandsInTheFile(t *testing.T) {
	if os.Getenv(aloneEnv) == "panic" {
		if _, err := Stderr(os.Getenv("REDIRECT_TEST_LOG")); err != nil {
			t.Fatal(err)
		}
		go panic("the end")
		select {}
	}
	log := t.TempDir() + "/log"
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), aloneEnv+"=panic", "REDIRECT_TEST_LOG="+log)
	if err := cmd.Run(); err == nil {
		t.Error("the process survived its panic")
	}
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(text), "panic: the end") || !strings.Contains(string(text), "goroutine") {
		t.Errorf("the log holds %q, %v", text, err)
	}
}

func TestTruncateAndAppend(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	s.put("log", "old\n")
	r := s.ok(Stream("stdout", s.path("log"), Append))
	s.say(1, "one\n")
	s.restore(r)
	s.want("log", "old\none\n")

	r = s.ok(Stream("stderr", s.path("log")))
	s.say(2, "two\n")
	// Another writer's bytes are not overwritten by the ones that follow.
	other, err := os.OpenFile(s.path("log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	other.WriteString("other\n")
	other.Close()
	s.say(2, "three\n")
	s.restore(r)
	s.want("log", "two\nother\nthree\n")
	s.want("term.out", "")
}

func TestPermAndUmask(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	defer unix.Umask(unix.Umask(0o027))
	s.restore(s.ok(Stdout(s.path("default"))))
	s.restore(s.ok(Stdout(s.path("narrow"), Perm(0o600))))
	for name, want := range map[string]os.FileMode{"default": 0o640, "narrow": 0o600} {
		if st, err := os.Stat(s.path(name)); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, st.Mode(), err, want)
		}
	}
}

func TestOneFileForBoth(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	s.put("log", "old\n")
	if err := os.Link(s.path("log"), s.path("same")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nothing-yet", s.path("link")); err != nil {
		t.Fatal(err)
	}
	for _, paths := range [][2]string{{"log", "log"}, {"log", "same"}, {"link", "nothing-yet"}} {
		r := s.ok(Both(s.path(paths[0]), s.path(paths[1])))
		for range 3 {
			s.say(1, "out\n")
			s.say(2, "err\n")
		}
		if snapshot(1) != snapshot(2) {
			t.Errorf("%v: stdout is %s, stderr is %s", paths, snapshot(1), snapshot(2))
		}
		s.restore(r)
		s.want(paths[0], strings.Repeat("out\nerr\n", 3))
	}
}

// Two calls to the same file share it as one call for both does.
func TestSecondCallSharesTheFile(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	out := s.ok(Stdout(s.path("log")))
	s.say(1, "1\n")
	err := s.ok(Stderr(s.path("log")))
	s.say(2, "2\n")
	inner := s.ok(Stdout(s.path("log"), Tee))
	s.say(1, "twice\n")
	s.restore(inner)
	s.restore(out)
	s.say(2, "3\n")
	s.restore(err)
	s.want("log", "1\n2\ntwice\ntwice\n3\n")
}

func TestRestoreIsIdempotent(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	r := s.ok(Stdout(s.path("a"), Tee))
	s.say(1, "a\n")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { s.restore(r) })
	}
	wg.Wait()
	next := s.ok(Stdout(s.path("b")))
	s.restore(r) // must not take away what came after it
	s.say(1, "b\n")
	s.restore(next)
	s.want("a", "a\n")
	s.want("b", "b\n")
	s.want("term.out", "a\n")
}

func TestClosedStream(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	for _, opts := range [][]Option{nil, {Tee}} {
		func() {
			was, err := descriptor(1).dup()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { unix.Dup2(int(was), 1); was.close() }()
			unix.Close(1)
			r := s.ok(Stdout(s.path("log"), opts...))
			s.say(1, "text\n")
			s.restore(r)
			if _, err := unix.FcntlInt(1, unix.F_GETFD, 0); err != unix.EBADF {
				t.Errorf("a stream that was closed is %s", snapshot(1))
			}
			s.want("log", "text\n")
		}()
	}
}

func TestFlagsComeBack(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	unix.CloseOnExec(1)
	before := openFDs(t)
	r := s.ok(Both(s.path("a"), s.path("b")))
	for fd := 1; fd <= 2; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags != 0 {
			t.Errorf("children do not get %d: flags %d, %v", fd, flags, err)
		}
	}
	s.restore(r)
	if after := openFDs(t); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
}
