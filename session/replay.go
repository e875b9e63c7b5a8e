package session

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/vt"
)

// OutputLog is the log of a session's output.
const OutputLog = "stdout.log"

// Replay shows a terminal everything that is in the logs of a session in dir, at
// the sizes that it had: the screen as it is, or was at its end.
func Replay(dir string) (*vt.Terminal, error) {
	log, err := stream.OpenReader(dir, OutputLog)
	if err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	defer log.Close()
	size := log.Size()
	r := replay{log: log, size: size, buf: make([]byte, feedMax)}
	timing, err := os.Open(filepath.Join(dir, TimingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replaying a session: %s holds the logs of no terminal", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	defer timing.Close()
	if err := r.follow(timing); err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	return r.vt, nil
}

// replay is one in the middle.
type replay struct {
	log        io.ReaderAt
	size, off  int64
	buf        []byte
	cols, rows int
	vt         *vt.Terminal
}

// follow reads the timing for the sizes. Times do not matter, and what a crash
// left out of it comes at the end.
func (r *replay) follow(timing io.Reader) error {
	sc := bufio.NewScanner(timing)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		kind, rest, _ := bytes.Cut(sc.Bytes(), []byte(" "))
		_, rest, ok := bytes.Cut(rest, []byte(" "))
		if !ok || len(kind) != 1 {
			continue // half a line, after a crash
		}
		switch kind[0] {
		case 'H':
			r.head(rest)
		case 'O':
			n, err := strconv.ParseInt(string(rest), 10, 64)
			if err != nil || n < 0 {
				continue
			}
			if err := r.show(min(r.off+n, r.size)); err != nil {
				return err
			}
		case 'S':
			r.signal(rest)
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	return r.show(r.size)
}

func (r *replay) head(rest []byte) {
	name, value, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(value))
	if err != nil || n <= 0 || r.vt != nil {
		return
	}
	switch string(name) {
	case "COLUMNS":
		r.cols = n
	case "LINES":
		r.rows = n
	}
}

func (r *replay) signal(rest []byte) {
	var cols, rows int
	if n, _ := fmt.Sscanf(string(rest), "SIGWINCH ROWS=%d COLS=%d", &rows, &cols); n == 2 && cols > 0 && rows > 0 {
		r.start()
		r.vt.Resize(cols, rows)
	}
}

func (r *replay) start() {
	if r.vt != nil {
		return
	}
	if r.cols == 0 || r.rows == 0 {
		r.cols, r.rows = 80, 24
	}
	r.vt = vt.New(r.cols, r.rows, vt.Options{})
}

// show shows the log up to an offset.
func (r *replay) show(to int64) error {
	r.start()
	for r.off < to {
		n, err := r.log.ReadAt(r.buf[:min(int64(len(r.buf)), to-r.off)], r.off)
		r.vt.Write(r.buf[:n])
		r.off += int64(n)
		if n == 0 {
			if err == io.EOF {
				return nil
			}
			var gap *stream.SkippedError
			if errors.As(err, &gap) {
				r.off = gap.To
				continue
			}
			return err
		}
	}
	return nil
}
