//go:build linux || darwin

package attach

import (
	"bufio"
	"io"
	"slices"

	"github.com/sluicerun/sluice/internal/nowait"
	"github.com/sluicerun/sluice/session"
)

// receiver reads what the session sends. Output it writes to the screen itself:
// while the screen takes nothing, nothing is read, and the session notices. All
// else is handed on, in order: the end comes after the last output was written.
type receiver struct {
	C    chan frame // closed when nothing comes any more; err says why
	err  error
	quit chan struct{}
}

func startReceiver(conn io.Reader, s *screen) *receiver {
	r := &receiver{C: make(chan frame), quit: make(chan struct{})}
	go func() {
		defer close(r.C)
		r.err = r.run(session.NewFrameReader(bufio.NewReaderSize(nowait.ReaderOf(conn), 64<<10)), s)
	}()
	return r
}

// screenError is that the screen, not the connection, has failed.
type screenError struct{ error }

func (e screenError) Unwrap() error { return e.error }

func (r *receiver) run(frames *session.FrameReader, s *screen) error {
	for {
		kind, p, err := frames.Read()
		if err != nil {
			return err
		}
		if kind == session.FrameOutput || kind == session.FrameRedraw {
			if err := s.show(kind, p); err != nil {
				return screenError{err}
			}
			continue
		}
		select {
		case r.C <- frame{kind, slices.Clone(p)}:
		case <-r.quit:
			return nil
		}
	}
}

// stop waits for the end. The connection must have been closed.
func (r *receiver) stop() {
	close(r.quit)
	for range r.C {
	}
}
