package adopt

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpen(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Live().Open(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	d, err := p.Descriptor(0)
	if err != nil || d.Kind != Pipe || !d.Readable || d.Writable {
		t.Errorf("%+v, %v", d, err)
	}
	table, err := Live().Scan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if ends := table.Ends(d); len(ends) != 1 || ends[0].PID != os.Getpid() || !ends[0].Writable {
		t.Errorf("%+v", ends)
	}
	in.Close()
	cmd.Wait()
	if err := p.Alive(); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if _, err := p.Descriptors(); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if _, err := p.Redirect(context.Background(), RedirectOptions{Stdout: "/dev/null", Records: t.TempDir()}); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if _, err := Live().Open(cmd.Process.Pid); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// The number of a closed pidfd may be another file's: nothing is done with it.
func TestCloseTwice(t *testing.T) {
	p, err := Live().Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil { // the lowest numbers that are free
		t.Fatal(err)
	}
	defer unix.Close(pipe[1])
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Alive(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := unix.Close(pipe[0]); err != nil {
		t.Errorf("somebody else's file was closed: %v", err)
	}
}
