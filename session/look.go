package session

import (
	"strings"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/vt"
)

// State tells what there is to tell besides the screen.
func (s *Session) State() State {
	var st State
	if s.tty(&st) != nil {
		st.TTY = TTY{} // its end
	}
	s.catchUp()
	defer s.mu.Unlock()
	st.Cols, st.Rows = s.vt.Size()
	st.Title = s.vt.Title()
	st.Offset, st.Generation = s.off, s.vt.Generation()
	st.Stopped, st.Ended, st.Status = s.stopped, s.ended, s.status
	st.TTY.Stopped = s.xoff
	st.Keyboard = s.holder
	if s.keyboard != nil {
		st.Keyboard = s.keyboard.source()
	}
	st.Clients = []Client{}
	for _, c := range s.clients {
		st.Clients = append(st.Clients, Client{ID: c.id, PID: c.opt.PID, ReadOnly: c.opt.ReadOnly, Primary: c == s.primary,
			Cols: int(c.size.Cols), Rows: int(c.size.Rows), Since: c.since, Resyncs: c.resyncs})
	}
	return st
}

// tty asks the kernel.
func (s *Session) tty(st *State) error {
	p, err := s.master.State()
	if err != nil {
		return err
	}
	path, err := s.master.Path()
	if err != nil {
		return err
	}
	st.TTY = TTY{Path: path, Canonical: p.Canonical, Echo: p.Echo, Signals: p.Signals, XON: p.FlowControl}
	st.Foreground.Group = p.Foreground
	if p.Foreground > 0 {
		st.Foreground.Command, _ = pty.ForegroundCommand(p.Foreground, "/proc")
	}
	return nil
}

// modes are the program's, for what keys become.
func (s *Session) modes() vt.Modes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vt.Modes()
}

// find is where a text stands on the screen: the column and row of its middle,
// from 0.
func (s *Session) find(text string) (x, y int, ok bool) {
	s.catchUp()
	snap := s.vt.Snapshot(false)
	s.mu.Unlock()
	for y, l := range snap.Lines {
		var line strings.Builder
		var at []int // the column of each byte
		for x, c := range l.Cells {
			t := c.Text
			if t == "" && c.Width != 0 {
				t = " "
			}
			for range len(t) {
				at = append(at, x)
			}
			line.WriteString(t)
		}
		if i := strings.Index(line.String(), text); i >= 0 && text != "" {
			return (at[i] + at[i+len(text)-1]) / 2, y, true
		}
	}
	return 0, 0, false
}
