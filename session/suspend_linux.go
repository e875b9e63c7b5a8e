package session

import "golang.org/x/sys/unix"

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
	}
	if s.opt.Continue != nil {
		s.opt.Continue()
	}
	s.Stopped(false)
}
