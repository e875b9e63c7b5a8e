package launch

import (
	"sync/atomic"

	"github.com/sluicerun/sluice/stream"
)

// shownLog is a log that the console closes when it has shown it all.
type shownLog struct {
	*stream.Log
	h *Handle
}

func (s shownLog) Close() error {
	s.h.closeLog(s.Log)
	return nil
}

// sharedLog is a log that the console and a session read: the last of them closes
// it.
type sharedLog struct {
	*stream.Log
	h     *Handle
	users atomic.Int32
}

func (s *sharedLog) Close() error {
	if s.users.Add(-1) == 0 {
		s.h.closeLog(s.Log)
	}
	return nil
}

// closeLog closes a complete log. Without it every attempt would cost two more
// descriptors per worker until the run's end. It does not wait: closing may mean
// that the last archive is compressed first.
func (h *Handle) closeLog(l *stream.Log) {
	h.closing.Go(func() { l.Close() })
}

// closeLogs waits until every log is closed. What the console gave up on is
// closed here.
func (h *Handle) closeLogs() {
	for _, l := range h.logs {
		h.closeLog(l)
	}
	closed := make(chan struct{})
	go func() {
		h.closing.Wait()
		for _, l := range h.shared { // the console may have given up on one
			l.Close()
		}
		close(closed)
	}()
	h.serveUntil(closed)
}

// serveUntil goes on answering while the end of the run waits for something.
func (h *Handle) serveUntil(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case f := <-h.cmds:
			f()
		}
	}
}
