//go:build linux || darwin

package pty

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// WatchSize tells every size of tty from now on that differs from the one
// before, cells or pixels; the size at the time of the call is the first one to
// be compared with, and is returned. tty must be the controlling terminal: only
// its foreground process group hears of changes (SIGWINCH), which is why the size
// is looked at after SIGCONT too.
func WatchSize(tty *os.File) (*Sizes, Size, error) {
	signals := make(chan os.Signal, 1)
	// Before the first look, or a change between the two would be missed.
	signal.Notify(signals, unix.SIGWINCH, unix.SIGCONT)
	now, err := SizeOf(tty)
	if err != nil {
		signal.Stop(signals)
		return nil, Size{}, err
	}
	c := make(chan Size, 1)
	s := &Sizes{C: c, stop: make(chan struct{}), done: make(chan struct{})}
	go func(last Size) {
		defer close(s.done)
		defer close(c)
		defer signal.Stop(signals)
		for {
			select {
			case <-s.stop:
				return
			case <-signals:
			}
			size, err := SizeOf(tty)
			if err != nil || size == last {
				continue // a terminal that is gone has no size, and its reader hears of it
			}
			last = size
			select {
			case <-c:
			default:
			}
			c <- size // never waits: this goroutine alone sends, and the place is free
		}
	}(now)
	return s, now, nil
}
