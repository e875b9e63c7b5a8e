package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ServeConn answers one request on any connection, as a Server does on its socket,
// and closes it. What needs descriptors, or would have to be passed on once more,
// is refused.
func ServeConn(conn net.Conn, ctl Control) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	req, err := readFrom(conn, r)
	switch {
	case err != nil:
	case req.Via != "":
		err = errors.New("a request is passed on once, and this one has been")
	case req.Op == OpResume:
		err = errors.New("a run is resumed on its own machine: its launcher's descriptors are needed")
	}
	if err != nil {
		Answer(conn, Response{Error: err.Error()})
		return
	}
	if req.Op.streams() {
		ctl.Stream(req, &readConn{conn, r})
		return
	}
	gone := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(gone)
		r.ReadByte() // the asker says nothing more; a read ends when it hangs up
	})
	Answer(conn, ctl.Do(req, nil, gone))
	conn.Close()
	wg.Wait()
}

// readFrom reads one request.
func readFrom(conn net.Conn, r *bufio.Reader) (req Request, err error) {
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer conn.SetReadDeadline(time.Time{})
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxRequest:
			return req, fmt.Errorf("reading a request: it is longer than %d bytes", maxRequest)
		case err == nil:
			return req, parseRequest(line, &req)
		case err == io.EOF:
			return req, errors.New("reading a request: it ends in the middle of a line")
		case err != bufio.ErrBufferFull:
			return req, fmt.Errorf("reading a request: %w", err)
		}
	}
}

// readConn is a connection of which more than the first line may have been read.
type readConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *readConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// CloseWrite is that of the connection, if it has one.
func (c *readConn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
