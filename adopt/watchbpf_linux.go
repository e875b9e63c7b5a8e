//go:build !small

package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sluicerun/sluice/adopt/internal/bpf"
)

// bpfSource has the kernel copy what is written.
type bpfSource struct{ *bpf.Watch }

func openBPF(p *Process, fds []int) (source, error) {
	const doing = "having the kernel copy (eBPF) what is written by"
	if err := p.sixtyFour(doing); err != nil {
		return nil, err
	}
	w, err := bpf.Open(p.PID, fds)
	if gone := p.Alive(); gone != nil { // the pid may have been another's
		if err == nil {
			w.Close()
		}
		return nil, gone
	}
	no := &Refusal{What: fmt.Sprintf("%s %v", doing, p), Err: err}
	switch {
	case err == nil:
		return bpfSource{w}, nil
	case errors.Is(err, fs.ErrPermission):
		no.Right, no.Why, no.Fix = RightCapability, "the kernel wants CAP_BPF and CAP_PERFMON for it", "do it as root"
	default:
		no.Right, no.Why = RightKernel, "this kernel cannot (it takes Linux 5.17): "+err.Error()
	}
	return nil, no
}

func (b bpfSource) run(ctx context.Context, s *sink) error {
	err := b.Run(ctx, s.data)
	if n, _ := b.Missed(); n > 0 {
		s.tell(fmt.Sprintf("%d system calls were missed by the kernel", n))
	}
	return err
}

func (b bpfSource) close() { b.Close() }
