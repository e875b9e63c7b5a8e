package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/vt"
)

// Size is the size of a terminal, in cells and, where known, in pixels.
type Size = pty.Size

// Log is the log behind a session's output, as *stream.Log is one.
type Log interface {
	io.ReaderAt
	Size() int64
}

// Options are what a Session is made of. It is made before the program starts.
type Options struct {
	// Local is a number for who made the session: the local rank of a worker.
	Local int
	// Dir receives stdin.log and timing; empty: nothing is written down.
	Dir string
	// Master is the terminal's, of [OpenTerminal]; the session closes it.
	Master *Master
	// Sink is the write end of the pipe whose bytes end up in Log; the session
	// closes it when the output is complete. It must not block.
	Sink *os.File
	Log  Log
	// Forgets: the log may lose its beginning while it grows, as one that is rotated
	// and keeps so many archives does.
	Forgets bool
	// Move moves all that is in the pipe to Log; false: nobody does any more.
	Move func() bool
	// Size is the terminal's, which has it already. The zero Size is 80x24.
	Size Size
	// Policy says whose size the terminal has. Empty means latest.
	Policy job.SizePolicy
	// Scrollback bounds the memory for lines that scrolled off, in bytes; 0
	// means 4 MiB.
	Scrollback int
	// Linger says what processes that outlive the program may still write.
	Linger job.Linger
	// Version is what the terminal calls itself when asked.
	Version string
	// Command and Term are for the head of the journal.
	Command, Term string
	// NoInput: what is typed is not written down.
	NoInput bool
	// Continue lets the program go on that was stopped; nil: only what has the
	// terminal is continued.
	Continue func()
	// Note is told what a person should know, such as that the journal cannot be
	// written; nil: nobody is told.
	Note func(text string)
}

// Session is a program on a terminal. Its methods may be called from any
// goroutine.
type Session struct {
	opt     Options
	master  *Master
	journal *journal
	own     *program // that Start started
	feeder  *feeder
	turn    chan struct{} // holds a value while somebody writes

	hiding sync.Mutex // for hidden and the journal's entries about it
	hidden bool

	pumped   chan struct{} // closed when the program's output is complete
	shown    chan struct{} // closed when the screen shows all of it, or will when somebody looks
	complete chan struct{} // closed when the log has all of it
	exited   chan struct{} // closed when the program has ended
	grew     chan struct{} // wakes the feeder
	replies  chan []byte   // of the emulator, on their way to the program
	stop     chan struct{} // closed when nobody is interested in the linger any more
	stopOnce sync.Once

	mu       sync.Mutex
	vt       *vt.Terminal
	noted    int64 // of the log, that the journal has
	off      int64 // of the log, that the emulator has seen
	owed     int64 // of the log, that it has seen or will when somebody looks; never less than off
	until    int64 // what it is being shown
	size     Size
	watchers map[chan struct{}]struct{}
	clients  []*client
	lastID   int
	primary  *client
	keyboard *client     // has taken the keyboard over
	holder   string      // the source of an exclusive batch
	answers  []answer    // of the emulator, in case the primary's terminal gives none
	asked    []time.Time // questions that the primary's terminal is to answer
	queries  uint64      // questions that the emulator has met
	resize   *Size
	resizeAt int64 // the output that was written before the resize
	changed  time.Time
	came     time.Time // the latest output
	closed   bool      // Log is, or will be in a moment
	disk     *stream.Reader
	slice    []byte    // of what was owed
	lastText time.Time // an injected text was written
	line     int       // bytes written since the last end of a line
	xoff     bool      // ^S was the last of ^S and ^Q
	base     map[string]*baseline
	lastBase *baseline
	due      []dueBaseline
	lastOut  time.Time
	stopped  bool
	status   int
	endText  string
	ended    bool
	endedAt  time.Time
}

// New makes a session of a program that the caller starts: [Start] does all that by
// itself. Begin starts the session once the program runs; who waits for the program
// calls Exited, Drain, and Finish when Log has all that is in the pipe. Master, Sink,
// Log and Move are needed.
func New(o Options) (*Session, error) {
	if o.Master == nil || o.Sink == nil || o.Log == nil || o.Move == nil {
		return nil, errors.New("starting a session: its options have no Master, Sink, Log or Move")
	}
	return newSession(o)
}

// newSession is New, also for tests of the screen alone.
func newSession(o Options) (*Session, error) {
	if o.Size.Cols == 0 || o.Size.Rows == 0 {
		o.Size = pty.DefaultSize
	}
	if o.Policy == "" {
		o.Policy = job.SizeLatest
	}
	if o.Scrollback == 0 {
		o.Scrollback = 4 << 20
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	s := &Session{
		opt: o, master: o.Master, size: o.Size,
		turn: make(chan struct{}, 1), pumped: make(chan struct{}), shown: make(chan struct{}),
		complete: make(chan struct{}), exited: make(chan struct{}), grew: make(chan struct{}, 1), replies: make(chan []byte, maxAsked), stop: make(chan struct{}),
		watchers: map[chan struct{}]struct{}{}, base: map[string]*baseline{}, lastBase: &baseline{}, changed: time.Now(),
	}
	s.feeder = &feeder{s: s, flood: floodAfter, most: maxOwed, buf: make([]byte, 4096)}
	s.vt = vt.New(int(o.Size.Cols), int(o.Size.Rows), vt.Options{Scrollback: o.Scrollback, Reply: s.reply, Version: o.Version})
	if o.Dir != "" {
		j, err := newJournal(o.Dir, o)
		if err != nil {
			return nil, fmt.Errorf("starting a session: %w", err)
		}
		s.journal = j
	}
	return s, nil
}

// Begin starts moving and showing what the program writes.
func (s *Session) Begin() {
	go s.pump()
	go s.feed()
	go s.answer()
}

// Grew tells that n bytes more are in the log. It is called by who moves bytes
// from Sink to Log, in order.
func (s *Session) Grew(n int64, at time.Time) {
	// First, so that whoever answers what he sees, or marks it, is put down behind
	// it.
	s.journal.output(n, at)
	s.mu.Lock()
	s.noted += n
	paused := at.Sub(s.came) > echoPause
	s.came = at
	s.giveAll(n)
	s.mu.Unlock()
	if !paused || !s.feeder.now(n) {
		wake(s.grew)
	}
}

// Exited tells that the program itself has ended, with its status as shells
// give it. What others still write is heard as Linger says.
func (s *Session) Exited(status int, text string) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended, s.status, s.endText, s.endedAt = true, status, text, time.Now()
	s.stopped = false
	s.notify()
	s.mu.Unlock()
	close(s.exited)
	s.master.SetReadDeadline(time.Unix(1, 0)) // wakes the pump
}

// Quiet tells whether what outlives the program has had its time to speak.
func (s *Session) Quiet() bool {
	select {
	case <-s.pumped:
		return true
	default:
		return false
	}
}

// Hurry ends the linger: nobody waits for those who outlive the program.
func (s *Session) Hurry() {
	s.stopOnce.Do(func() {
		close(s.stop)
		s.master.SetReadDeadline(time.Unix(1, 0))
	})
}

// Drain ends the linger and returns once all that was written to the terminal
// is in the pipe in front of the log. If nobody takes it from there, because the
// disk is full, it gives up after a while: the rest is lost.
func (s *Session) Drain() {
	s.Hurry()
	t := time.NewTimer(drainTime)
	defer t.Stop()
	select {
	case <-s.pumped:
	case <-t.C:
	}
}

// drainTime is how long the last output waits for room in the log.
const drainTime = 2 * time.Second

// Finish is called once all output is in the log. It returns when the screen
// shows it; clients are told of the end as they get there.
func (s *Session) Finish() {
	s.Hurry()
	<-s.pumped
	close(s.complete)
	wake(s.grew)
	<-s.shown
	s.journal.end(s.status)
}

// Close lets go of everything. Clients that are still attached are cut off, and
// a program that Start started is ended, with all that it started in its turn.
func (s *Session) Close() {
	if s.own != nil {
		s.own.end(s)
		s.Unattended(context.Background(), closeTime)
	}
	s.cutAll()
	s.letLog(s.opt.Dir != "")
	s.master.Close()
	s.journal.close()
}

// closeTime is how long clients that take nothing hold up Close.
const closeTime = time.Second

// Unattended waits until no client is attached any more: each leaves by itself
// once it was given everything. Who takes nothing for so long as limit
// (negative: forever), or is still there when ctx ends, is cut off.
func (s *Session) Unattended(ctx context.Context, limit time.Duration) {
	changed, leave := s.watch()
	defer leave()
	var sum int64
	moved := time.Now()
	for {
		s.mu.Lock()
		n, now := len(s.clients), int64(0)
		for _, c := range s.clients {
			now += c.sent
		}
		s.mu.Unlock()
		if n == 0 {
			return
		}
		if now != sum {
			sum, moved = now, time.Now()
		}
		if limit >= 0 && time.Since(moved) > limit || ctx.Err() != nil {
			s.cutAll()
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-time.After(unattendedLook):
		}
	}
}

// unattendedLook is how often clients that are the last to hold up an end are
// looked at.
const unattendedLook = 50 * time.Millisecond

func (s *Session) cutAll() {
	s.mu.Lock()
	clients := append([]*client(nil), s.clients...)
	s.mu.Unlock()
	for _, c := range clients {
		c.cut()
		c.line.conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// Discard undoes New for a program that never started.
func (s *Session) Discard() {
	s.opt.Sink.Close()
	s.master.Close()
	s.journal.close()
}

// Stopped tells that the program was stopped by a signal, or goes on.
func (s *Session) Stopped(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped == is || s.ended {
		return
	}
	s.stopped = is
	if is {
		for _, c := range s.clients {
			if c.opt.JobControl {
				c.tell(FrameStopped, nil)
			}
		}
	}
	s.notify()
}

// Ended tells whether the program has ended and everything it wrote is shown.
func (s *Session) Ended() bool {
	select {
	case <-s.shown:
		return true
	default:
		return false
	}
}

// wake puts a token into a channel of one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// notify wakes everybody who waits for a change. The caller holds mu.
func (s *Session) notify() {
	for c := range s.watchers {
		wake(c)
	}
}

// watch returns a channel that gets a token at every change.
func (s *Session) watch() (chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

// Local is the local rank of the worker, as New was told.
func (s *Session) Local() int { return s.opt.Local }

// Dir is where the logs are; empty: there are none.
func (s *Session) Dir() string { return s.opt.Dir }

// Status is the program's exit status as shells give it, 128+n for a signal;
// false while it runs.
func (s *Session) Status() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status, s.ended
}
