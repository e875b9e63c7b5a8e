package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/fdpass"
	"golang.org/x/sys/unix"
)

// Control is what a server serves.
type Control interface {
	// Do answers a request. files are descriptors that came with it; Do owns
	// them. done is closed when the asker has gone.
	Do(req Request, files []*os.File, done <-chan struct{}) Response
	// Stream answers what goes on behind the answer (OpAttach, OpLogs, OpArchive),
	// and whatever has to be passed on (Request.Via): it serves the connection,
	// beginning with Answer, until its end. It owns conn.
	Stream(req Request, conn net.Conn)
}

// maxRequest bounds what one asker can make us keep.
const maxRequest = 16 << 20

// Server listens on a run's control socket.
type Server struct {
	l    *net.UnixListener
	path string
	ctl  Control
	mu   sync.Mutex
	open map[*net.UnixConn]bool // nil once closed
	wg   sync.WaitGroup
}

// SocketPath is where the socket of a run lies in dir.
func SocketPath(dir, id string) (string, error) {
	path := filepath.Join(dir, id+".sock")
	if len(path) >= 108 { // sizeof sun_path (unix(7))
		return "", fmt.Errorf("the control socket's path %s is longer than a socket's may be; set XDG_RUNTIME_DIR to a shorter one", path)
	}
	return path, nil
}

// Listen makes the socket at path, as SocketPath gives it.
func Listen(path string, ctl Control) (*Server, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the control socket: %w", err)
	}
	s := &Server{l: l, path: path, ctl: ctl, open: map[*net.UnixConn]bool{}}
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

// Path is the socket's path.
func (s *Server) Path() string { return s.path }

// Close ends the server: answers under way are given up to a second.
func (s *Server) Close() error {
	err := s.l.Close() // removes the socket as well
	s.mu.Lock()
	for c := range s.open {
		c.CloseRead()
		c.SetDeadline(time.Now().Add(time.Second))
	}
	s.open = nil
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	defer s.wg.Done()
	for {
		c, err := s.l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors: give others time to return some
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if s.open == nil {
			s.mu.Unlock()
			c.Close()
			return
		}
		s.open[c] = true
		s.wg.Add(1)
		s.mu.Unlock()
		go s.serve(c)
	}
}

func (s *Server) serve(c *net.UnixConn) {
	defer s.wg.Done()
	defer func() {
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
		c.Close()
	}()
	req, files, err := readRequest(c)
	if err == nil {
		err = checkPeer(c)
	}
	if err != nil {
		for _, f := range files {
			f.Close()
		}
		Answer(c, Response{Error: err.Error()})
		return
	}
	if req.Via != "" && len(files) > 0 {
		for _, f := range files {
			f.Close()
		}
		Answer(c, Response{Error: "descriptors cannot be passed on to another machine"})
		return
	}
	if req.Op.streams() || req.Via != "" {
		s.ctl.Stream(req, c)
		return
	}
	gone := make(chan struct{})
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer close(gone)
		// The asker says nothing more; a read ends when it hangs up.
		bufio.NewReader(c).ReadByte()
	}()
	Answer(c, s.ctl.Do(req, files, gone))
	c.CloseRead()
	<-gone
}

// Answer writes an answer.
func Answer(c net.Conn, r Response) {
	b, err := json.Marshal(r)
	if err != nil {
		b, _ = json.Marshal(Response{Error: err.Error()})
	}
	c.Write(append(b, '\n'))
}

// readRequest reads one line, with the descriptors that came along.
func readRequest(c *net.UnixConn) (Request, []*os.File, error) {
	var req Request
	var line []byte
	var files []*os.File
	buf := make([]byte, 4096)
	oob := make([]byte, unix.CmsgSpace(4*8))
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer c.SetReadDeadline(time.Time{})
	for {
		n, oobn, _, _, err := c.ReadMsgUnix(buf, oob)
		if err != nil {
			return req, files, fmt.Errorf("reading a request: %w", err)
		}
		files = append(files, fdpass.Unpack(oob[:oobn])...)
		line = append(line, buf[:n]...)
		switch {
		case n == 0:
			return req, files, errors.New("reading a request: it ends in the middle of a line")
		case len(line) > maxRequest:
			return req, files, fmt.Errorf("reading a request: it is longer than %d bytes", maxRequest)
		case line[len(line)-1] == '\n':
			return req, files, parseRequest(line, &req)
		}
	}
}

// parseRequest reads one line of the protocol.
func parseRequest(line []byte, req *Request) error {
	if err := json.Unmarshal(line, req); err != nil {
		return fmt.Errorf("reading a request: %w", err)
	}
	switch req.Op {
	case OpStatus, OpSignal, OpStop, OpConsole, OpEOF, OpWait, OpResume, OpInput, OpAwait, OpScreen, OpResize, OpAttach,
		OpNodes, OpLogs, OpArchive:
		return nil
	}
	return fmt.Errorf("reading a request: there is no op %q", req.Op)
}
