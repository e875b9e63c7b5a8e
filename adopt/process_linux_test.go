package adopt

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
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
	if _, err := Live().Open(cmd.Process.Pid); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}
