package session

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/stream"
)

// walk reads a session's timing and tells what happened, with the bytes of the
// logs. A crash, or somebody, may have written any of them: what makes no sense
// is passed over, and no byte of the output is left out or told twice.
type walk struct {
	out  io.ReaderAt
	size int64 // of out
	// in is what was typed, of inSize bytes; nil: it is not told.
	in     io.ReaderAt
	inSize int64
	// grow sets size and inSize anew while somebody still writes; nil: nobody does.
	grow func()
	f    func(Event) error
	buf  []byte

	began      bool
	head       Head
	cols, rows int // of the begin, if the head has them
	time       time.Duration
	at         int64 // where in the output the timing is
	off        int64 // how much of the output was told
	inAt       int64 // the same of the input
	exited     bool
}

const (
	// walkChunk is the most bytes that one event has.
	walkChunk = feedMax
	// maxEntry is the most that is kept of one line of the timing: a command can be
	// as long as the kernel allows, 2 MiB.
	maxEntry = 2 << 20
	// maxTime bounds the time: hours of a session are not that many.
	maxTime = math.MaxInt64 / 4
)

// follow reads the timing to its end, and then tells what a crash left out of it.
func (w *walk) follow(timing io.Reader) error {
	r := bufio.NewReaderSize(timing, 64<<10)
	var long []byte
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line[:min(len(line), maxEntry-len(long))]...)
			continue
		}
		if errors.Is(err, io.EOF) {
			break // half a line, after a crash
		}
		if err != nil {
			return fmt.Errorf("reading the timing of a session: %w", err)
		}
		if len(long) > 0 {
			line = append(long, line[:min(len(line), maxEntry-len(long))]...)
			long = long[:0]
		}
		if err := w.entry(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	return w.rest()
}

// rest tells what a crash left out of the timing.
func (w *walk) rest() error {
	if err := w.begin(); err != nil {
		return err
	}
	if w.grow != nil {
		w.grow()
	}
	return w.output(w.size)
}

// entry is one line: a letter, the seconds since the entry before, and the rest.
func (w *walk) entry(line []byte) error {
	kind, rest, _ := bytes.Cut(line, []byte(" "))
	since, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(kind) != 1 {
		return nil
	}
	w.time = min(w.time+seconds(since), maxTime)
	switch kind[0] {
	case 'H':
		return w.fact(rest)
	case 'O':
		if n, ok := count(rest); ok {
			if err := w.begin(); err != nil {
				return err
			}
			if w.at+n > w.size && w.grow != nil {
				w.grow()
			}
			w.at = min(w.at+n, w.size)
			return w.output(w.at)
		}
	case 'I':
		if n, ok := count(rest); ok && w.in != nil {
			if err := w.begin(); err != nil {
				return err
			}
			return w.input(n)
		}
	case 'S':
		var cols, rows int
		if n, _ := fmt.Sscanf(string(rest), "SIGWINCH ROWS=%d COLS=%d", &rows, &cols); n == 2 && isSide(cols) && isSide(rows) {
			return w.tell(Event{Kind: EventResize, Cols: cols, Rows: rows})
		}
	}
	return nil
}

// count reads a number of bytes.
func count(p []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(p), 10, 62)
	return n, err == nil && n >= 0
}

// isSide tells whether a terminal can have so many columns or rows.
func isSide(n int) bool { return n >= 1 && n <= math.MaxUint16 }

// fact is an entry of a name and a value.
func (w *walk) fact(rest []byte) error {
	name, value, _ := bytes.Cut(rest, []byte(" "))
	text := string(value)
	switch string(name) {
	case "SOURCE":
		if w.in == nil {
			return nil
		}
		return w.tell(Event{Kind: EventSource, Text: text})
	case "HIDDEN":
		return w.tell(Event{Kind: EventHidden, Text: text})
	case "SECRET":
		return w.tell(Event{Kind: EventSecret, Text: text})
	case "MARK":
		return w.tell(Event{Kind: EventMark, Text: text})
	case "HIDE":
		return w.tell(Event{Kind: EventHide})
	case "SHOW":
		return w.tell(Event{Kind: EventShow})
	case "DURATION":
		// Of all of it: the program may have been silent before its end.
		w.time = max(w.time, seconds(value))
	case "EXIT_CODE":
		if n, err := strconv.ParseInt(text, 10, 32); err == nil && !w.exited {
			w.exited = true
			return w.exit(int(n))
		}
	}
	if w.began {
		return nil
	}
	switch string(name) {
	case "COLUMNS", "LINES":
		if n, err := strconv.Atoi(text); err == nil && isSide(n) {
			if name[0] == 'C' {
				w.cols = n
			} else {
				w.rows = n
			}
		}
	case "START_TIME":
		if t, err := time.Parse(startFormat, text); err == nil {
			w.head.Start = t
		}
	case "COMMAND":
		w.head.Command = text
	case "TERM":
		w.head.Term = text
	}
	return nil
}

// startFormat is that of the time in script(1)'s logs.
const startFormat = "2006-01-02 15:04:05-07:00"

// begin tells of the begin, once.
func (w *walk) begin() error {
	if w.began {
		return nil
	}
	w.began = true
	if w.cols == 0 || w.rows == 0 {
		w.cols, w.rows = 80, 24
	}
	return w.f(Event{Kind: EventBegin, Cols: w.cols, Rows: w.rows, Head: w.head})
}

// tell tells of something that happens now.
func (w *walk) tell(e Event) error {
	if err := w.begin(); err != nil {
		return err
	}
	e.Time = w.time
	return w.f(e)
}

// exit comes when all output is in the log.
func (w *walk) exit(status int) error {
	if err := w.rest(); err != nil {
		return err
	}
	return w.tell(Event{Kind: EventExit, Status: status})
}

// output tells the output up to an offset.
func (w *walk) output(to int64) error {
	for w.off < to {
		p := w.chunk(to - w.off)
		n, err := w.out.ReadAt(p, w.off)
		w.off += int64(n)
		if n > 0 {
			if err := w.tell(Event{Kind: EventOutput, Data: p[:n]}); err != nil {
				return err
			}
			continue
		}
		if err == io.EOF {
			return nil
		}
		var gap *stream.SkippedError
		if errors.As(err, &gap) && gap.To > w.off {
			lost := gap.To - w.off
			w.off = gap.To
			if err := w.tell(Event{Kind: EventLost, N: lost}); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			err = io.ErrNoProgress
		}
		return fmt.Errorf("reading the output of a session: %w", err)
	}
	return nil
}

// input tells the next n bytes that were typed, as far as the log has them.
func (w *walk) input(n int64) error {
	if w.inAt+n > w.inSize && w.grow != nil {
		w.grow()
	}
	for to := min(w.inAt+n, w.inSize); w.inAt < to; {
		p := w.chunk(to - w.inAt)
		n, err := w.in.ReadAt(p, w.inAt)
		w.inAt += int64(n)
		if n > 0 {
			if err := w.tell(Event{Kind: EventInput, Data: p[:n]}); err != nil {
				return err
			}
			continue
		}
		if err == io.EOF {
			return nil
		}
		return fmt.Errorf("reading the input of a session: %w", err)
	}
	return nil
}

func (w *walk) chunk(n int64) []byte {
	if w.buf == nil {
		w.buf = make([]byte, walkChunk)
	}
	return w.buf[:min(n, int64(len(w.buf)))]
}

// seconds reads a time such as 12.000345, to the microsecond; what is none is 0.
func seconds(p []byte) time.Duration {
	whole, part, _ := bytes.Cut(p, []byte("."))
	s, err := strconv.ParseUint(string(whole), 10, 63)
	if err != nil {
		return 0
	}
	if s > maxTime/uint64(time.Second) {
		return maxTime
	}
	d := time.Duration(s) * time.Second
	unit := time.Second
	for _, c := range part[:min(len(part), 6)] {
		if c < '0' || c > '9' {
			break
		}
		unit /= 10
		d += time.Duration(c-'0') * unit
	}
	return min(d, maxTime)
}
