package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// session writes typical output, piece by piece, no two of which are the same:
// logs, plain and in colours, an editor's screens, progress bars.
type session struct {
	n int
	b bytes.Buffer
}

// next is the next piece, of one to four kilobytes. It is valid until the next call.
func (s *session) next() []byte {
	s.b.Reset()
	s.n++
	switch n := s.n; n % 8 {
	case 0, 1, 2:
		for i := range 40 {
			fmt.Fprintf(&s.b, "2026-01-02T03:04:05Z step %d loss 0.%06d throughput %d tokens/s on 8 devices\r\n", n*40+i, n*7919%1_000_000, i*n%1_000_000)
		}
	case 3, 4:
		s.log(30, "\r\n")
	case 5:
		s.b.WriteString("\x1b[?1049h\x1b[H\x1b[2J")
		for y := range 24 {
			fmt.Fprintf(&s.b, "\x1b[%d;1H\x1b[33m%4d\x1b[m \x1b[35mfunc\x1b[m name%d(x \x1b[32mint\x1b[m) {\x1b[K", y+1, y, n*24+y)
		}
	case 6:
		for y := range 40 {
			fmt.Fprintf(&s.b, "\x1b[%d;%dHcol %d\x1b[7m bar \x1b[m", y%24+1, y%70+1, n)
		}
		s.b.WriteString("\x1b[?1049l")
	case 7:
		for i := range 50 {
			fmt.Fprintf(&s.b, "\rdownloading %d: %3d%% [%-50s]", n, i*2, strings.Repeat("#", i))
		}
		s.b.WriteString("\r\n")
	}
	return s.b.Bytes()
}

// log is lines in colours.
func (s *session) log(lines int, end string) {
	for i := range lines {
		fmt.Fprintf(&s.b, "\x1b[2m03:04:05.%03d\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1;34mtrain::step\x1b[0m: step \x1b[33m%d\x1b[0m loss 0.%06d%s", i, s.n*lines+i, s.n*31%1_000_000, end)
	}
}

// writeText writes so many bytes of a log in colours, as a program writes it.
func writeText(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var s session
	for left := size; left > 0; {
		s.b.Reset()
		s.n++
		s.log(500, "\n")
		p := s.b.Bytes()[:min(int64(s.b.Len()), left)]
		if _, err := f.Write(p); err != nil {
			return err
		}
		left -= int64(len(p))
	}
	return f.Close()
}

// writeHour writes a recording of so many bytes of a session, in an hour.
func writeHour(name string, f cast.Format, size int64) error {
	var s session
	done := int64(0)
	return writeCast(name, f, func() (time.Duration, []byte) {
		if done >= size {
			return 0, nil
		}
		at := time.Duration(float64(time.Hour) * float64(done) / float64(size))
		p := s.next()
		done += int64(len(p))
		return at, p
	})
}

// writeMinute writes a recording of a minute of an editor: 30 times in a second a
// line, the status and the cursor change, and once the text moves.
func writeMinute(name string) error {
	n := 0
	var b bytes.Buffer
	return writeCast(name, cast.V3, func() (time.Duration, []byte) {
		if n >= 60*30 {
			return 0, nil
		}
		b.Reset()
		if n%30 == 0 {
			b.WriteString("\x1b[H\x1b[2J")
			for y := range 23 {
				fmt.Fprintf(&b, "\x1b[%d;1H\x1b[33m%4d\x1b[m \x1b[35mfunc\x1b[m name%d(x \x1b[32mint\x1b[m) { return x + %d }", y+1, n/30+y, n/30+y, y)
			}
		}
		fmt.Fprintf(&b, "\x1b[24;1H\x1b[7m-- INSERT -- %d\x1b[K\x1b[m\x1b[%d;%dH%c", n, n/30%22+1, n%30+40, 'a'+n%26)
		at := time.Duration(n) * time.Second / 30
		n++
		return at, b.Bytes()
	})
}

// writeCast writes the output that next gives, until there is none.
func writeCast(name string, f cast.Format, next func() (time.Duration, []byte)) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	w, err := cast.NewWriter(io.Writer(file), f, cast.Header{Width: 80, Height: 24, Timestamp: time.Unix(1_767_322_800, 0)})
	if err != nil {
		return err
	}
	for {
		at, p := next()
		if len(p) == 0 {
			break
		}
		if err := w.Output(at, p); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}
