//go:build linux

package agent

import (
	"bytes"
	"os"

	"github.com/sluicerun/sluice/stream/console"
)

// rawLines is what is written to instead of a terminal that is in raw mode,
// where a newline does not go back to the first column.
type rawLines struct {
	w    *os.File
	done chan struct{}
}

func newRawLines(to *os.File) (*rawLines, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &rawLines{w: w, done: make(chan struct{})}
	out := console.NewFDSink(int(to.Fd()))
	go func() {
		defer close(l.done)
		defer r.Close()
		buf := make([]byte, 16<<10)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				out.Write(bytes.ReplaceAll(buf[:n], []byte("\n"), []byte("\r\n")))
			}
			if err != nil {
				return
			}
		}
	}()
	return l, nil
}

// close waits until everything is written.
func (l *rawLines) close() {
	if l != nil {
		l.w.Close()
		<-l.done
	}
}
