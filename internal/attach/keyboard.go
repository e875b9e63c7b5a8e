//go:build linux || darwin

package attach

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/sluicerun/sluice/internal/nowait"
)

// keyboard reads a terminal, from start to stop: in the background nothing may
// read it.
type keyboard struct {
	f    *os.File
	r    io.Reader
	now  func(p []byte) bool // takes what is typed at once; nil: nobody does
	C    chan []byte         // has the rest; closed when the terminal is gone, err says how
	err  error
	quit chan struct{}
	left []byte // read, but not taken before stop

	// sent is what went to C, in pieces, for the reader, and taken what of it was dealt
	// with, for who takes: before that, now would change the order.
	sent, taken int
}

// startKeyboard begins to read f, which is non-blocking and nobody else's. now is
// called on the goroutine that reads: a key needs no other to wake up.
func startKeyboard(f *os.File, now func(k *keyboard, p []byte) bool) *keyboard {
	k := &keyboard{f: f, r: f, C: make(chan []byte), quit: make(chan struct{})}
	if now != nil {
		k.now = func(p []byte) bool { return now(k, p) }
	}
	if c, err := f.SyscallConn(); err == nil {
		k.r = nowait.NewReader(c)
	}
	f.SetReadDeadline(time.Time{})
	go k.run()
	return k
}

func (k *keyboard) run() {
	defer close(k.C)
	b := make([]byte, 32<<10)
	for {
		n, err := k.r.Read(b)
		if n > 0 {
			p := append([]byte(nil), b[:n]...)
			if k.now != nil && k.now(p) {
				continue
			}
			k.sent++
			select {
			case k.C <- p:
			case <-k.quit:
				k.left = p
				return
			}
		}
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				k.err = err
			}
			return
		}
	}
}

// stop ends the reading and returns what was read and not taken.
func (k *keyboard) stop() []byte {
	if k == nil {
		return nil
	}
	close(k.quit)
	k.f.SetReadDeadline(time.Unix(1, 0))
	var left []byte
	for p := range k.C {
		left = append(left, p...)
	}
	return append(left, k.left...)
}
