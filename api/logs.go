package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/sluicerun/sluice/job"
)

// LogRequest is what an OpLogs asks of the log of Request.Rank. Its zero value is
// the whole log of stdin, which there is not: name a stream.
type LogRequest struct {
	Stream job.Stream `json:"stream"`
	// Attempt is the life of the rank; nil or negative: the latest.
	Attempt *int `json:"attempt,omitempty"`
	// Offset is the first byte that is wanted; with Tail, so many lines before
	// the end of the log by now are.
	Offset int64 `json:"offset,omitempty"`
	Tail   *int  `json:"tail,omitempty"`
	// Follow goes on with what is written later, until the run has ended; with
	// Later, with later lives of the rank as well.
	Follow bool `json:"follow,omitempty"`
	Later  bool `json:"later,omitempty"`
}

// Log is a part of a log: the bytes from From to Size follow the answer, as they
// are. Parts come one after the other until one that has End, which none do
// behind; a connection that ends without is a log that was cut off.
type Log struct {
	Attempt int   `json:"attempt"`
	From    int64 `json:"from"`
	Size    int64 `json:"size"`
	End     bool  `json:"end,omitempty"`
	// Missing tells, with End, that there is no such log; Moved that the rank is
	// on another node now.
	Missing bool `json:"missing,omitempty"`
	Moved   bool `json:"moved,omitempty"`
	// Skipped tells, in words, of bytes before From that are gone.
	Skipped string `json:"skipped,omitempty"`
}

// ErrCut means that an answer stopped in the middle: who gave it has ended, or a
// link on the way was cut.
var ErrCut = errors.New("the connection ended in the middle of the answer")

// LogReader reads the parts of a log.
type LogReader struct {
	conn net.Conn
	r    *bufio.Reader
	part Log
	off  int64 // of the next byte
	stop func() bool
}

// OpenLog asks for a log; req.Log says for which. The error of a rank that is not
// there is a *job.UsageError. Close has to be called.
func OpenLog(ctx context.Context, path string, req Request) (*LogReader, error) {
	req.Op = OpLogs
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	l := &LogReader{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	l.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := ask(conn, req); err != nil {
		l.Close()
		return nil, err
	}
	if err := l.next(); err != nil {
		l.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return l, nil
}

// next reads the head of a part.
func (l *LogReader) next() error {
	resp, err := readLine(l.r)
	if err == nil {
		err = resp.failure()
	}
	if err == nil && (resp.Log == nil || resp.Log.From < 0 || resp.Log.Size < resp.Log.From) {
		err = errors.New("reading the run's answer: it tells of no log")
	}
	if err == nil {
		l.part, l.off = *resp.Log, resp.Log.From
	}
	return err
}

// Part is the part that is being read.
func (l *LogReader) Part() Log { return l.part }

// Offset is that of the next byte in the log of Part.
func (l *LogReader) Offset() int64 { return l.off }

// Read reads on, up to the end of the part: then Next leads to the one behind it,
// and until then n is 0 and err nil.
func (l *LogReader) Read(p []byte) (n int, err error) {
	left := l.part.Size - l.off
	if left == 0 {
		return 0, nil
	}
	n, err = l.r.Read(p[:min(int64(len(p)), left)])
	l.off += int64(n)
	if err != nil && n == 0 {
		return 0, cut(err)
	}
	return n, nil
}

// Next goes to the next part, whose head it waits for; io.EOF after the last.
func (l *LogReader) Next() error {
	if l.part.End {
		return io.EOF
	}
	if _, err := l.r.Discard(int(l.part.Size - l.off)); err != nil {
		return cut(err)
	}
	return l.next()
}

// Close ends the reading.
func (l *LogReader) Close() error {
	l.stop()
	return l.conn.Close()
}

// Archive asks for the run's directory as a tar. The caller closes it.
func Archive(ctx context.Context, path string, req Request) (io.ReadCloser, error) {
	req.Op = OpArchive
	return open(ctx, path, req)
}

// ask writes a request.
func ask(conn net.Conn, req Request) error {
	b, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if _, err := conn.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("%w: %v", ErrNoAgent, err)
	}
	return nil
}

// cut is ErrCut, with the reason if that says more than that it happened.
func cut(err error) error {
	if err == io.EOF {
		return ErrCut
	}
	return fmt.Errorf("%w: %v", ErrCut, err)
}

// readLine reads an answer.
func readLine(r *bufio.Reader) (resp Response, err error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return resp, cut(err)
	}
	if err := json.Unmarshal(line, &resp); err != nil {
		return resp, fmt.Errorf("reading the run's answer: %w", err)
	}
	return resp, nil
}
