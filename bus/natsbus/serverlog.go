package natsbus

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A client that cannot get in tries ten times a second: this many lines are told in
// each period.
const (
	linesMax = 5
	period   = time.Minute
)

// ports are those of clients in what the server says.
var ports = regexp.MustCompile(`:\d+`)

// serverLog takes what the embedded server logs and keeps what people should
// know of. It implements server.Logger.
type serverLog struct {
	tell func(string)

	mu      sync.Mutex
	since   time.Time // the period began
	lines   int       // in it
	fatal   error
	refused map[string]bool // addresses whose token was wrong
	said    map[string]bool // in the period, but for the clients' ports
}

// Fatalf is called when the server cannot start.
func (l *serverLog) Fatalf(format string, v ...any) {
	err := fmt.Errorf(format, v...)
	for _, a := range v {
		if e, ok := a.(error); ok {
			err = e // its text has the address already
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = err
	}
}

func (l *serverLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

func (l *serverLog) Errorf(format string, v ...any) {
	l.mu.Lock()
	if time.Since(l.since) > period {
		l.since, l.lines, l.said = time.Now(), 0, map[string]bool{}
	}
	text := l.plain(fmt.Sprintf(format, v...))
	again := l.said[ports.ReplaceAllString(text, "")]
	l.said[ports.ReplaceAllString(text, "")] = true
	if !again {
		l.lines++
	}
	n := l.lines
	l.mu.Unlock()
	switch {
	case again: // who is turned away comes again at once
	case n < linesMax:
		l.tell(text)
	case n == linesMax:
		l.tell(text + fmt.Sprintf(" (what else there is within %s is not told)", period))
	}
}

// refuse remembers that a client at an address was turned away by the gate, of
// which the server tells next.
func (l *serverLog) refuse(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused == nil || len(l.refused) > 1000 {
		l.refused = map[string]bool{}
	}
	l.refused[addr] = true
}

// plain says in words for people whom the server has turned away. The server names
// clients "ADDR - cid:N"; who speaks something else than NATS is not asked for a
// token, and gets the same error as who has a wrong one. mu is held.
func (l *serverLog) plain(text string) string {
	addr, what, ok := strings.Cut(text, " - cid:")
	switch {
	case !ok:
	case strings.Contains(what, server.ErrAuthentication.Error()) && l.refused[addr]:
		delete(l.refused, addr)
		return addr + " was turned away: its token is not this run's"
	case strings.Contains(what, server.ErrAuthentication.Error()):
		return addr + " was turned away: it is not sluice. Python's torchrun cannot take part: start sluice torchrun on all machines"
	case strings.Contains(what, "first record does not look like a TLS handshake"):
		return addr + " was turned away: it does without TLS, or it is not sluice. Python's torchrun cannot take part: start sluice torchrun on all machines, with the same credentials"
	case strings.Contains(what, "Subscription Violation"), strings.Contains(what, "Publish Violation"):
		return addr + " was turned away: its agent is of another run (--run-id)"
	case strings.Contains(what, "remote error: tls:"):
		return addr + " went away: it does not take this run's certificate, so its credentials are others"
	case strings.Contains(what, "TLS handshake error"):
		return addr + " was turned away: it has no certificate of this run"
	}
	return "NATS: " + text
}

func (*serverLog) Warnf(string, ...any)   {}
func (*serverLog) Noticef(string, ...any) {}
func (*serverLog) Debugf(string, ...any)  {}
func (*serverLog) Tracef(string, ...any)  {}
