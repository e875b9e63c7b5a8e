//go:build linux || darwin

package redirect

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFailureChangesNothing(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	s.put("kept", "kept\n")
	before := openFDs(t)
	full := errors.New("buffer trouble")
	cases := map[string]struct {
		do   func() (*Redirection, error)
		want string
	}{
		"no directory": {func() (*Redirection, error) { return Both(s.path("made"), s.path("no/x")) }, "redirecting stderr: open " + s.path("no/x") + ": no such file or directory: make its directory first"},
		"a directory":  {func() (*Redirection, error) { return Both(s.path("kept"), s.dir, Tee) }, "is a directory"},
		"empty path":   {func() (*Redirection, error) { return Stderr("") }, "redirecting stderr: the path is empty: name a file"},
		"flush": {func() (*Redirection, error) {
			return Both(s.path("kept"), s.path("made"), Flush(func() error { return full }))
		}, "flushing buffers first: buffer trouble"},
		"flush tee": {func() (*Redirection, error) {
			return Both(s.path("kept"), s.path("kept"), Tee, Flush(func() error { return full }))
		}, "buffer trouble"},
	}
	for name, c := range cases {
		r, err := c.do()
		if r != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		if after := openFDs(t); after != before {
			t.Errorf("%s: descriptors changed\n%s\nto\n%s", name, before, after)
		}
	}
	s.want("kept", "kept\n")
	if _, err := os.Stat(s.path("made")); !os.IsNotExist(err) {
		t.Errorf("a failed call left its file: %v", err)
	}
	if len(chains.of[stdout])+len(chains.of[stderr]) != 0 {
		t.Error("a failed call left a layer")
	}
}

// Descriptors run out at every point of a call in turn.
func TestNoDescriptorsLeft(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	s.pipe(1)
	s.pipe(2)
	s.restore(s.ok(Stdout(s.path("warm-up"), Tee)))
	s.put("kept", "kept\n")
	before := openFDs(t)
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &lim)
	failed := 0
	for n := uint64(3); ; n++ {
		low := lim
		low.Cur = n
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
			t.Fatal(err)
		}
		r, err := Both(s.path("kept"), s.path("two"), Tee)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			t.Fatal(err)
		}
		if err == nil {
			s.restore(r)
			break
		}
		if !errors.Is(err, unix.EMFILE) {
			t.Fatalf("with %d descriptors: %v", n, err)
		}
		failed++
		s.want("kept", "kept\n")
		if after := openFDs(t); after != before {
			t.Fatalf("with %d descriptors: changed\n%s\nto\n%s", n, before, after)
		}
	}
	// Two files, two formers, and four for each tee.
	if failed < 8 {
		t.Errorf("only %d of the points were tried", failed)
	}
	if after := openFDs(t); after != before {
		t.Errorf("after all: changed\n%s\nto\n%s", before, after)
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Log("this system has no /dev/full; ENOSPC is a Linux device's gift")
		return
	}
	if !alone(t) {
		return
	}
	s := newScene(t)
	r := s.ok(Stdout("/dev/full"))
	if _, err := fmt.Println("lost"); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("the writer was told %v", err)
	}
	s.restore(r)

	r = s.ok(Stdout("/dev/full", Tee))
	s.say(1, "shown\n")
	err := r.Restore()
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "/dev/full did not take 6 bytes") {
		t.Errorf("Restore: %v", err)
	}
	if again := r.Restore(); again != err {
		t.Errorf("the second Restore: %v", again)
	}
	s.want("term.out", "shown\n")
}

func TestFlushBeforeEachSwitch(t *testing.T) {
	if !alone(t) {
		return
	}
	s := newScene(t)
	pending := "before\n"
	flush := func() error { s.say(1, pending); pending = ""; return nil }
	r := s.ok(Stdout(s.path("log"), Flush(flush)))
	pending = "inside\n"
	s.restore(r)
	s.want("term.out", "before\n")
	s.want("log", "inside\n")

	trouble := errors.New("trouble")
	calls := 0
	r = s.ok(Stdout(s.path("log"), Flush(func() error {
		if calls++; calls > 1 {
			return trouble
		}
		return nil
	})))
	if err := r.Restore(); !errors.Is(err, trouble) {
		t.Errorf("Restore: %v", err)
	}
	s.say(1, "restored all the same\n")
	s.want("term.out", "before\nrestored all the same\n")
}
