package session

import (
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/pty"
)

// suspends does what ^Z means for a program that is the leader of its session:
// the kernel throws its SIGTSTP away, because no shell of its own would continue
// it. The shell that its client came from does.
func (s *Session) suspends(c *client, st pty.State, p []byte) bool {
	if !c.opt.JobControl || !st.Signals || len(p) != 1 || p[0] != st.Chars.Suspend || p[0] == 0 ||
		st.Foreground == 0 || st.Foreground != st.Session {
		return false
	}
	if unix.Kill(-st.Foreground, unix.SIGSTOP) != nil {
		return false
	}
	s.Stopped(true)
	return true
}

// goOn continues a program that was stopped.
func (s *Session) goOn() {
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	if !stopped {
		return
	}
	if st, err := s.master.State(); err == nil && st.Foreground > 0 {
		unix.Kill(-st.Foreground, unix.SIGCONT)
		if st.Session > 0 && st.Session != st.Foreground {
			unix.Kill(-st.Session, unix.SIGCONT)
		}
	}
	s.Stopped(false)
}
