package session

import "time"

// Mark puts a marker into the logs, for who reads them (Events) or makes a
// recording of them (WriteCast). Without logs it does nothing.
func (s *Session) Mark(label string) { s.journal.happened("MARK", label) }

// Hide says that what follows is not to be in recordings, until Show. The logs
// have all of it: without any part the rest could not be shown.
func (s *Session) Hide() { s.hide(true) }

// Show ends Hide.
func (s *Session) Show() { s.hide(false) }

func (s *Session) hide(is bool) {
	s.hiding.Lock()
	defer s.hiding.Unlock()
	s.setHidden(is)
}

// toggle hides what is shown and shows what is hidden; it tells whether what
// follows is hidden.
func (s *Session) toggle() bool {
	s.hiding.Lock()
	defer s.hiding.Unlock()
	s.setHidden(!s.hidden)
	return s.hidden
}

func (s *Session) setHidden(is bool) {
	s.hidden = is
	if is {
		s.journal.happened("HIDE", "")
	} else {
		s.journal.happened("SHOW", "")
	}
}

// happened puts down a fact with the time of now.
func (j *journal) happened(name, value string) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if value != "" {
		name += " " + oneLine(value)
	}
	j.entry('H', time.Now(), name)
	j.flush()
}
