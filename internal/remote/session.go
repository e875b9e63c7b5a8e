package remote

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

// session is one host of a run.
type session struct {
	Host
	run    *run
	cmd    *ssh
	orders *orders
	rank   int // the starter's: the node's in the first round; -1: it was to wait, or nothing began there
	state      // the starter's

	greeted *Hello      // the reader's
	part    string      // the reader's: the run's id there, once it has begun
	left    bool        // it has said bye
	silent  atomic.Bool // it was given up

	mu     sync.Mutex
	said   []string // the last lines on ssh's stderr
	known  bool     // it has said hello
	logs   map[int]*shown
	unread bool // nobody wants stdout any more
	wg     sync.WaitGroup
}

// shown is a log on the console.
type shown struct {
	*feed
	in     *console.Input
	fields job.Fields
	came   int64 // bytes, over all feeds of it
}

// state is what the starter knows of a host.
type state struct {
	hello   *Hello
	reached *Reached
	ended   *Ended
	begun   string     // the run's id there
	gone    bool       // ssh has ended
	lost    *hostError // ... before bye
	told    bool       // people know that it is lost
}

// news is a change of a session's state: what is set is new.
type news struct {
	s *session
	state
}

// dial starts ssh.
func (r *run) dial(h Host) *session {
	s := &session{Host: h, run: r, rank: -1, logs: map[int]*shown{}}
	s.cmd = newSSH(r.opt.SSH, h.Name)
	in, err := s.cmd.StdinPipe()
	if err == nil {
		var out, said io.ReadCloser
		if out, err = s.cmd.StdoutPipe(); err == nil {
			if said, err = s.cmd.StderrPipe(); err == nil {
				if err = s.cmd.Start(); err == nil {
					io.WriteString(in, boot(r.opt.Own, r.opt.Version, r.opt.Remote)) // it fits into a pipe
					s.orders = newOrders(in)
					s.wg.Go(func() { s.overhear(said) })
					r.sessions.Go(func() { s.follow(out) })
					return s
				}
			}
		}
	}
	r.sessions.Go(func() {
		r.news <- news{s, state{gone: true, lost: &hostError{h.Name, fmt.Sprintf("starting %s: %v", r.opt.SSH[0], err), ""}}}
	})
	return s
}

// overhear keeps what ssh says, and shows what programs on the host write past all
// logs.
func (s *session) overhear(r io.Reader) {
	lines := bufio.NewReaderSize(r, 16<<10)
	for {
		line, err := lines.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			s.mu.Lock()
			if s.said = append(s.said, text); len(s.said) > 10 {
				s.said = s.said[1:]
			}
			known := s.known
			s.mu.Unlock()
			if known {
				s.run.console.Note(s.Name + ": " + text)
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// follow takes what the node sends, to its end.
func (s *session) follow(out io.Reader) {
	err := s.read(out)
	s.orders.close()
	if !s.left {
		// What it still writes is for nobody; it may wait for us to read it.
		go io.Copy(io.Discard, out)
		timer := time.AfterFunc(hangUp, s.cmd.kill)
		defer timer.Stop()
	}
	s.wg.Wait()
	werr := s.cmd.Wait()
	<-s.orders.done
	end := state{gone: true}
	if !s.left {
		end.lost = s.why(err, werr)
	}
	s.mu.Lock()
	for _, l := range s.logs {
		l.in.Done()
	}
	clear(s.logs)
	s.mu.Unlock()
	s.run.news <- news{s, end}
}

// hangUp is how long ssh may take to end after its connection, or our interest in it,
// has.
const hangUp = 5 * time.Second

// read takes frames until bye.
func (s *session) read(out io.Reader) error {
	r, err := NewReader(out)
	if err != nil {
		return err
	}
	for {
		m, log, b, err := r.Read()
		if err != nil {
			return err
		}
		if m == nil {
			if err := s.bytes(log, b); err != nil {
				return err
			}
			continue
		}
		if err := s.message(m); err != nil || s.left {
			return err
		}
	}
}

func (s *session) message(m *Message) error {
	switch {
	case m.Hello != nil && s.greeted == nil:
		if m.Hello.Version != s.run.opt.Version {
			return &hostError{s.Name, fmt.Sprintf("sluice there is of version %s, and this is %s", m.Hello.Version, s.run.opt.Version), sameVersion}
		}
		s.greeted = m.Hello
		s.mu.Lock()
		s.known, s.said = true, nil
		s.mu.Unlock()
		s.run.news <- news{s, state{hello: m.Hello}}
	case s.greeted == nil:
		return errors.New("it did not say hello")
	case m.Reached != nil:
		s.run.news <- news{s, state{reached: m.Reached}}
	case m.Event != nil:
		if id := m.Event.Run; id != "" && id != s.part {
			s.part = id
			s.run.news <- news{s, state{begun: id}}
		}
		s.run.event(s, *m.Event)
	case m.Open != nil:
		s.open(*m.Open)
	case m.Closed != nil:
		s.closed(*m.Closed)
	case m.Ended != nil:
		s.run.news <- news{s, state{ended: m.Ended}}
	case m.Bye:
		s.left = true
	}
	return nil
}

func (s *session) open(o Open) {
	l := &shown{fields: job.Fields{Rank: o.Rank, LocalRank: o.LocalRank, Attempt: o.Attempt,
		Role: s.run.opt.Spec.Role, Host: s.greeted.Host, Stream: o.Stream}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs[o.Log] = l
	s.show(o.Log, l)
	if s.unread && o.Stream == job.Stdout {
		s.orders.credit(o.Log, -1)
	}
}

// show has the console show a log from its next byte on. mu is held.
func (s *session) show(log int, l *shown) {
	from := l.came
	l.feed = newFeed(s.run.exact, func(to int64) { s.orders.credit(log, from+to) }, s.run.touch)
	if from > 0 {
		s.orders.credit(log, from+window)
	}
	l.in = s.run.console.Add(l.fields, l.feed)
}

func (s *session) bytes(log int, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[log]
	if l == nil {
		return fmt.Errorf("there is no log %d", log)
	}
	if !l.add(b) {
		return fmt.Errorf("log %d has more than was asked for", log)
	}
	l.came += int64(len(b))
	l.in.Grew()
	if l.full() { // a line without an end: it is shown in parts
		l.in.Done()
		s.show(log, l)
	}
	return nil
}

func (s *session) closed(c Closed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[c.Log]
	if l == nil {
		return
	}
	l.in.Done()
	delete(s.logs, c.Log)
	if c.Error != "" {
		s.run.console.Note(fmt.Sprintf("sluice: %s: the %v of rank %d is not shown: %s", s.Name, l.fields.Stream, l.fields.Rank, c.Error))
	}
	if !s.unread || l.fields.Stream != job.Stdout {
		s.run.unsent.Add(c.Left)
	}
}

// stdoutUnread tells the node that nobody reads our stdout any more.
func (s *session) stdoutUnread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = true
	for log, l := range s.logs {
		if l.fields.Stream == job.Stdout {
			s.orders.credit(log, -1)
		}
	}
}

// hostError is what is wrong with a host, and what to do.
type hostError struct{ host, text, hint string }

func (e *hostError) Error() string {
	text := "host " + e.host + ": " + e.text
	if strings.Contains(e.host, ",") {
		text = "hosts " + e.host + ": " + e.text
	}
	if e.hint != "" {
		text += "\n  " + e.hint
	}
	return text
}

const (
	sameVersion = "install the same version there, or name one with --remote-sluice PATH"
	installIt   = "install the same version there, where the PATH of ssh's commands finds it, or name it with --remote-sluice PATH"
)

// why says why a session ended before bye.
func (s *session) why(read, wait error) *hostError {
	var told *hostError
	if errors.As(read, &told) {
		return told
	}
	s.mu.Lock()
	said := strings.Join(s.said, "\n  ")
	s.mu.Unlock()
	how := s.cmd.how(wait)
	status := s.cmd.ProcessState.ExitCode()
	switch {
	case s.silent.Load():
		return &hostError{s.Name, "it does not answer any more, and was not waited for", ""}
	case s.run.ending.Load() && s.greeted == nil:
		return &hostError{s.Name, "it was not waited for", ""}
	case status == 255 && said != "" && s.greeted == nil:
		return &hostError{s.Name, "it cannot be reached: " + said, ""}
	case status == 255 && said != "":
		return &hostError{s.Name, "the connection is lost: " + said, ""}
	case status == 255 && s.greeted != nil:
		return &hostError{s.Name, "the connection is lost, or sluice there was killed: ssh " + how, ""}
	case s.greeted == nil && status == job.StatusNotFound:
		return &hostError{s.Name, missing(s.run.opt.Own, s.run.opt.Remote), installIt}
	case s.greeted == nil && status == job.StatusUsage:
		return &hostError{s.Name, "sluice there is of another version (" + said + ")", sameVersion}
	case s.greeted == nil:
		text := "sluice did not start there: ssh " + how
		if said != "" {
			text += ": " + said
		}
		return &hostError{s.Name, text, ""}
	case status == 0 && read != nil && !errors.Is(read, io.EOF) && !errors.Is(read, io.ErrUnexpectedEOF) && !errors.Is(read, os.ErrClosed):
		return &hostError{s.Name, "it sent what this sluice does not understand: " + read.Error(), ""}
	}
	text := "the connection is lost: ssh " + how
	if said != "" {
		text += ": " + said
	}
	return &hostError{s.Name, text, ""}
}

// missing says where sluice was looked for: at our own path and at what was given.
func missing(own, given string) string {
	switch {
	case given != "":
		return "there is no " + given
	case own != "":
		return fmt.Sprintf("there is no sluice: neither %s of this version nor one in PATH", own)
	}
	return "there is no sluice in PATH"
}
