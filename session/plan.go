package session

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/sluicerun/sluice/keys"
)

// atom is what is written in one turn.
type atom struct {
	delay time.Duration
	// data is written as it is, unless make gives it when its time comes.
	data []byte
	make func() ([]byte, error)
	text bool // counts as typed text, for the pause before an Enter
	// enter: wait until the typed text before is no burst any more.
	enter bool
	eof   bool
}

// plan checks a message and cuts it into atoms. What depends on the program's
// modes is left for later, but must be possible now.
func (s *Session) plan(in Input) ([]atom, error) {
	var all []atom
	for _, st := range in.Steps {
		if st.several() { // in which order, nobody has said
			return nil, &RefusedError{Why: "a step has more than one of text, data, keys, paste, mouse and eof", Hint: "make them steps of their own"}
		}
		delay := max(time.Duration(st.Delay), 0)
		n := len(all)
		switch {
		case st.Text != "" && st.Pace > 0:
			for i, r := range splitRunes(st.Text) {
				a := atom{data: []byte(r), text: true}
				if i > 0 {
					a.delay = time.Duration(st.Pace)
				}
				all = append(all, a)
			}
		case st.Text != "":
			all = append(all, atom{data: []byte(st.Text), text: true})
		case len(st.Data) > 0:
			all = append(all, atom{data: st.Data})
		case len(st.Keys) > 0:
			pressed, err := keys.ParseAll(st.Keys)
			if err != nil {
				return nil, err
			}
			for i, k := range pressed {
				a := atom{make: func() ([]byte, error) { return s.encode(k, in.Approximate) }}
				if _, err := a.make(); err != nil {
					return nil, err
				}
				if i > 0 {
					a.delay = time.Duration(st.Pace)
				} else {
					a.enter = st.Delay == 0 && k.Code == keys.Enter
				}
				all = append(all, a)
			}
		case len(st.Paste) > 0:
			all = append(all, atom{make: func() ([]byte, error) {
				return keys.Paste(st.Paste, s.modes()), nil
			}})
		case st.Mouse != nil:
			atoms, err := s.mouseAtoms(*st.Mouse)
			if err != nil {
				return nil, err
			}
			all = append(all, atoms...)
		case st.EOF:
			all = append(all, atom{eof: true})
		}
		if len(all) > n {
			all[n].delay += delay
		}
	}
	return all, nil
}

// several tells whether more than one thing is to be written.
func (st Step) several() bool {
	n := 0
	for _, set := range []bool{st.Text != "", len(st.Data) > 0, len(st.Keys) > 0, len(st.Paste) > 0, st.Mouse != nil, st.EOF} {
		if set {
			n++
		}
	}
	return n > 1
}

// splitRunes cuts text into characters; bytes that are none are kept.
func splitRunes(text string) []string {
	var out []string
	for len(text) > 0 {
		_, n := utf8.DecodeRuneInString(text)
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// delay is the time before an atom.
func (s *Session) delay(a atom) time.Duration {
	if !a.enter {
		return a.delay
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(a.delay, time.Until(s.lastText.Add(enterGap)))
}

func (s *Session) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.exited:
		return ErrEnded
	case <-ctx.Done():
		return s.late(ctx, "waiting between two keys")
	}
}
