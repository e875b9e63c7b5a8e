//go:build linux || darwin

package attach

import (
	"errors"
	"os"
	"time"
)

// keyboard reads a terminal, from start to stop: in the background nothing may
// read it.
type keyboard struct {
	f    *os.File
	C    chan []byte // closed when the terminal is gone; err says how
	err  error
	quit chan struct{}
	left []byte // read, but not taken before stop
}

func startKeyboard(f *os.File) *keyboard {
	k := &keyboard{f: f, C: make(chan []byte), quit: make(chan struct{})}
	f.SetReadDeadline(time.Time{})
	go k.run()
	return k
}

func (k *keyboard) run() {
	defer close(k.C)
	b := make([]byte, 32<<10)
	for {
		n, err := k.f.Read(b)
		if n > 0 {
			p := append([]byte(nil), b[:n]...)
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
