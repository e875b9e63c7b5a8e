package adopt

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

const (
	// lineMost is what a terminal keeps of one line; the rest is dropped with a bell
	// (N_TTY_BUF_SIZE, less the byte that ends it).
	lineMost = 4095
	// keysMost is how much a program that reads keys may be behind: below a third
	// of what the terminal keeps, since with PARMRK some bytes take three.
	keysMost = 1024
	// lookAgain is the pause between two looks at how far the program is.
	lookAgain = 4 * time.Millisecond
)

// LongLineError is that a terminal would lose the end of a line.
type LongLineError struct{ Bytes int }

func (e *LongLineError) Error() string {
	return fmt.Sprintf("a line of it has %d bytes, and the terminal, which collects whole lines now, keeps %d and drops the rest: nothing was typed", e.Bytes, lineMost)
}

// feed hands data to a terminal in pieces that it has room for, so that nothing is
// lost if the program is slow. tty may be nil: then there is no way to see how far it
// is. alive is asked while waiting.
func feed(ctx context.Context, tty *ttyFile, data []byte, alive func() error, put func(context.Context, []byte) error) error {
	if tty == nil {
		return put(ctx, data)
	}
	l, err := tty.line()
	if err != nil {
		return err
	}
	if n := l.longest(data); n > lineMost {
		return &LongLineError{n}
	}
	for done := 0; done < len(data); {
		if err := context.Cause(ctx); err != nil {
			return stopped(tty, done, len(data), err)
		}
		if err := alive(); err != nil {
			return err
		}
		if l, err = tty.line(); err != nil {
			return err
		}
		waiting, err := tty.waiting()
		if err != nil {
			return err
		}
		n := l.piece(data[done:], waiting)
		if n == 0 {
			wait(ctx, lookAgain)
			continue
		}
		if err := put(ctx, data[done:done+n]); err != nil {
			if ctx.Err() != nil {
				err = stopped(tty, done, len(data), err)
			}
			return err
		}
		done += n
	}
	return nil
}

func stopped(tty *ttyFile, done, all int, err error) error {
	waiting, _ := tty.waiting()
	return fmt.Errorf("it does not read: %d of %d bytes were typed, and its terminal has %d that it has not read: %w", done, all, waiting, err)
}

// longest is the length of the longest line that the terminal would have to keep; 0
// if it keeps none.
func (l *Line) longest(data []byte) int {
	if !l.Canonical {
		return 0
	}
	most := 0
	for len(data) > 0 {
		n := l.first(data)
		most, data = max(most, n), data[n:]
	}
	return most
}

// first is the length of the first line, with what ends it.
func (l *Line) first(data []byte) int {
	for i, c := range data {
		if slices.Contains(l.ends, c) {
			return i + 1
		}
	}
	return len(data)
}

// piece is how much of data there is room for now: whole lines where the terminal
// collects lines, else all or, of a long one, as much as fits once nothing waits, so
// that what belongs together is not torn apart.
func (l *Line) piece(data []byte, waiting int) int {
	if l.Canonical {
		n := 0
		for n < len(data) {
			more := l.first(data[n:])
			if waiting+n+more > lineMost && (n > 0 || waiting > 0) {
				break
			}
			n += more
		}
		return min(n, lineMost)
	}
	switch {
	case waiting+len(data) <= keysMost:
		return len(data)
	case waiting > 0:
		return 0
	}
	n := keysMost
	for i := 0; i < utf8.UTFMax && !utf8.RuneStart(data[n]); i++ {
		n--
	}
	return n
}

// wait sleeps, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
