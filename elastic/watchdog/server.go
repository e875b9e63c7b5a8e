package watchdog

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Options of a Server. The zero value listens to everybody and tells nobody.
type Options struct {
	// OnExpire is told of each timer that expires, one after the other. Timers
	// go on meanwhile, but no other expiry is told. It must not call Close.
	OnExpire func(Expired)
	// Known tells whether pid is of our gang now: numbers are used again, and
	// a timer may outlive its process. It is asked when a request comes and
	// when a timer expires, from several goroutines, and must be quick: until
	// it answers nobody reads. Nil: everybody is.
	Known func(pid int) bool
}

// Expired is a timer whose time has come.
type Expired struct {
	PID   int
	Scope string
	// Signal is what the client wants the process to get. 0: nothing, it is
	// only to be told.
	Signal syscall.Signal
	// At is the time that the client set, by its wall clock.
	At time.Time
}

// Stats counts since Listen.
type Stats struct {
	Requests int // lines understood
	Skipped  int // lines not understood, or too long, or too many
	Unknown  int // requests and expired timers of processes that Known does not know
	Expired  int // timers that OnExpire was told of
	Pending  int // timers that run now
	// LastSkipped says what was wrong with the last line skipped.
	LastSkipped string
}

// Server reads requests from a FIFO until Close.
type Server struct {
	path   string
	fifo   *os.File
	conn   syscall.RawConn
	timers *timers
	done   chan struct{}
	once   sync.Once

	reading sync.Mutex // from a read until its lines are put
	lines   lines
}

// Listen makes the FIFO path, which only its owner may open, and reads from it.
// A FIFO that nobody reads, left by an earlier run, is replaced; whatever else
// is there is an error. Its error names the path.
func Listen(path string, o Options) (*Server, error) {
	fifo, err := openFIFO(path)
	if err != nil {
		return nil, fmt.Errorf("making the watchdog's FIFO %s: %w", path, err)
	}
	conn, err := fifo.SyscallConn()
	if err == nil {
		err = fifo.SetReadDeadline(time.Time{}) // fails where it cannot be waited for
	}
	if err != nil {
		fifo.Close()
		os.Remove(path)
		return nil, fmt.Errorf("reading the watchdog's FIFO %s: %w", path, err)
	}
	s := &Server{path: path, fifo: fifo, conn: conn, done: make(chan struct{})}
	s.timers = newTimers(o, func() { _ = conn.Control(func(fd uintptr) { s.drain(fd) }) })
	go s.read()
	return s, nil
}

// Path is where clients write (TORCHELASTIC_TIMER_FILE).
func (s *Server) Path() string { return s.path }

// Forget drops the timers of a process that has ended. Its number may be given
// to another one of the gang.
func (s *Server) Forget(pid int) { s.timers.forget(pid) }

// Stats are the counts as of now.
func (s *Server) Stats() Stats { return s.timers.statsNow() }

// Close removes the FIFO and returns when no call of OnExpire is under way and
// none will come.
func (s *Server) Close() {
	s.once.Do(func() {
		mine, err1 := s.fifo.Stat()
		there, err2 := os.Lstat(s.path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			os.Remove(s.path)
		}
		s.fifo.Close()
		<-s.done
		s.timers.stop()
	})
}

func (s *Server) read() {
	defer close(s.done)
	for {
		if err := s.conn.Read(s.drain); err != nil { // closed
			return
		}
	}
}

// drainAtMost is what a FIFO can hold for a user (fs.pipe-max-size): a writer
// who never stops must not keep us from all else.
const drainAtMost = 1 << 20

// drain puts what is in the FIFO. more tells that it stopped before the end.
func (s *Server) drain(fd uintptr) (more bool) {
	s.reading.Lock()
	defer s.reading.Unlock()
	var buf [16 << 10]byte
	for total := 0; total < drainAtMost; {
		n, err := unix.Read(int(fd), buf[:])
		switch {
		case err == unix.EINTR:
			continue
		case n <= 0 || err != nil: // EAGAIN: all is read. We write as well, so there is no end.
			return false
		}
		total += n
		s.lines.feed(buf[:n], s.put, func() { s.timers.skip("a line is longer than 4096 bytes") })
	}
	return true
}

func (s *Server) put(line []byte) {
	r, err := parseRequest(line)
	if err != nil {
		s.timers.skip(err.Error())
		return
	}
	s.timers.put(r)
}
