package pty

// Sizes tells how a terminal's size changes.
type Sizes struct {
	// C has the latest size: one that nobody took is replaced by the next. It is
	// closed by Stop.
	C <-chan Size

	stop chan struct{}
	done chan struct{}
}

// Stop ends the watching and waits for it. It may be called once.
func (s *Sizes) Stop() {
	close(s.stop)
	<-s.done
}
