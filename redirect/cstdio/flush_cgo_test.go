//go:build cgo && (linux || darwin)

package cstdio_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/redirect"
	"github.com/sluicerun/sluice/redirect/cstdio"
	"github.com/sluicerun/sluice/redirect/cstdio/internal/cprint"
)

const aloneEnv = "CSTDIO_TEST_DIR"

// Each test runs in a process of its own, since C's buffers are one per process
// and go out once more at its end. dir is "" in the process that started it,
// which keeps the other one's output in files.
func alone(t *testing.T) (dir string) {
	t.Helper()
	if dir := os.Getenv(aloneEnv); dir != "" {
		return dir
	}
	dir = t.TempDir()
	stderr, err := os.Create(filepath.Join(dir, "term.err"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	stdout, err := os.Create(filepath.Join(dir, "term.out"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), aloneEnv+"="+dir)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		out, _ := os.ReadFile(filepath.Join(dir, "term.out"))
		t.Fatalf("in its own process: %v\n%s", err, out)
	}
	check(t, filepath.Join(dir, "term.err"), "")
	return ""
}

func check(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
}

// What printf left in C's buffer lands where stdout went when it was printed.
func TestPrintfLandsInItsFile(t *testing.T) {
	dir := alone(t)
	if dir == "" {
		return
	}
	for _, opts := range [][]redirect.Option{nil, {redirect.Tee}} {
		log, term := filepath.Join(dir, "log"), filepath.Join(dir, "term.out")
		if err := os.Truncate(term, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stdout.Seek(0, 0); err != nil {
			t.Fatal(err)
		}
		cprint.Stdout("before\n")
		r, err := redirect.Both(log, log, append(opts, redirect.Flush(cstdio.Flush))...)
		if err != nil {
			t.Fatal(err)
		}
		check(t, term, "before\n")
		cprint.Stdout("inside ")
		if err := cstdio.Flush(); err != nil {
			t.Error(err)
		}
		cprint.Stderr("C's stderr ")
		cprint.Stdout("still inside\n")
		if err := r.Restore(); err != nil {
			t.Error(err)
		}
		if opts == nil {
			check(t, log, "inside C's stderr still inside\n")
			check(t, term, "before\n")
		} else {
			// The two go to different places, so there are two pipes, and the
			// order between them is open.
			sameBytes(t, log, "inside C's stderr still inside\n")
			check(t, term, "before\ninside still inside\n")
			if err := os.Truncate(filepath.Join(dir, "term.err"), 0); err != nil {
				t.Error(err)
			}
		}
	}
}

// sameBytes compares without regard to order.
func sameBytes(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var count [256]int
	for _, b := range got {
		count[b]++
	}
	for _, b := range []byte(want) {
		count[b]--
	}
	if count != [256]int{} {
		t.Errorf("%s holds %q, want the bytes of %q", path, got, want)
	}
}

// Without Flush the bytes come out in the wrong place: the reason for the
// package. If this fails, the C library has no buffer and nobody needs it.
func TestWithoutFlush(t *testing.T) {
	dir := alone(t)
	if dir == "" {
		return
	}
	log := filepath.Join(dir, "log")
	cprint.Stdout("before\n")
	r, err := redirect.Stdout(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := cstdio.Flush(); err != nil {
		t.Error(err)
	}
	if err := r.Restore(); err != nil {
		t.Error(err)
	}
	check(t, log, "before\n")
}

func TestFlushTellsItsError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Log("this system has no /dev/full; ENOSPC is a Linux device's gift")
		return
	}
	defer full.Close()
	if os.Getenv(aloneEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), aloneEnv+"="+t.TempDir())
		cmd.Stdout = full
		errs := new(lines)
		cmd.Stderr = errs
		// The testing package cannot print PASS to a full disk and does not mind.
		if err := cmd.Run(); err != nil {
			t.Errorf("in its own process: %v\n%s", err, *errs)
		}
		return
	}
	cprint.Stdout("does not fit")
	r, err := redirect.Stdout(filepath.Join(os.Getenv(aloneEnv), "log"), redirect.Flush(cstdio.Flush))
	if r != nil || !errors.Is(err, syscall.ENOSPC) {
		os.Stderr.WriteString("the flush was not reported: ")
		os.Stderr.WriteString(errString(err))
		os.Exit(3)
	}
}

type lines []byte

func (l *lines) Write(p []byte) (int, error) { *l = append(*l, p...); return len(p), nil }

func errString(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
