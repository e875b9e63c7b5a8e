package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sluicerun/sluice/adopt/internal/ptrace"
)

// tracer sees what is written by the stops at the system calls of a process.
type tracer struct {
	p      *Process
	cancel context.CancelFunc
	pieces chan piece
	closed chan struct{} // nobody takes pieces any more
	ended  chan struct{} // it has been let go; then:
	cost   ptrace.Cost
	err    error
}

type piece struct {
	fd   int
	data []byte
}

// ahead is how many pieces the process may be ahead of who shows them; it waits then.
const ahead = 256

// openPtrace returns when all threads are being traced.
func openPtrace(p *Process, fds []int) (source, error) {
	const doing = "stopping the system calls of"
	if r := p.MayTrace(); r != nil {
		return nil, r
	}
	if err := p.sixtyFour(doing); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &tracer{p: p, cancel: cancel, pieces: make(chan piece, ahead), closed: make(chan struct{}), ended: make(chan struct{})}
	ready := make(chan struct{})
	go func() {
		defer close(t.ended)
		t.cost, t.err = ptrace.Writes(ctx, p.PID, func(fd int) bool { return slices.Contains(fds, fd) }, func() { close(ready) }, t.emit)
	}()
	select {
	case <-ready:
		return t, nil
	case <-t.ended:
	}
	cancel()
	if err := p.sure(t.err); errors.Is(err, ErrGone) || errors.Is(err, fs.ErrPermission) {
		return nil, p.refuse(doing, err)
	}
	return nil, &Refusal{What: fmt.Sprintf("%s %v", doing, p), Right: RightKernel, Why: fmt.Sprint(t.err), Err: t.err}
}

// emit keeps a piece; the process waits as long.
func (t *tracer) emit(fd int, data []byte) error {
	select {
	case t.pieces <- piece{fd, slices.Clone(data)}:
		return nil
	case <-t.closed:
		return context.Canceled
	}
}

func (t *tracer) run(ctx context.Context, s *sink) error {
	defer context.AfterFunc(ctx, t.cancel)()
	for going := true; going; {
		select {
		case p := <-t.pieces:
			if err := s.data(p.fd, p.data, 0); err != nil {
				return err // close lets the process go
			}
		case <-t.ended:
			going = false
		}
	}
	for len(t.pieces) > 0 {
		p := <-t.pieces
		if err := s.data(p.fd, p.data, 0); err != nil {
			return err
		}
	}
	s.tell(fmt.Sprintf("%v was stopped %d times for it", t.p, t.cost.Stops))
	if n := t.cost.Unseen; n > 0 {
		s.tell(fmt.Sprintf("%d system calls wrote %d bytes that do not pass through its memory (sendfile, splice), and could not be seen", n, t.cost.UnseenBytes))
	}
	if n := t.cost.Short; n > 0 {
		s.tell(fmt.Sprintf("%d of its writes returned a part only, as after a signal, because nobody read the rest in time", n))
	}
	if errors.Is(t.err, context.Canceled) || errors.Is(t.err, ptrace.ErrGone) {
		return nil
	}
	return t.err
}

func (t *tracer) close() {
	close(t.closed)
	t.cancel()
	<-t.ended
}
