package playback

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// keptScrollback is how many bytes of lines that scrolled off a Screen's terminal
// keeps: enough for those that come back when the terminal grows.
const keptScrollback = 256 << 10

// Screen is the terminal of a recording at some time of it. It is made by
// [NewScreen].
type Screen struct {
	src   Source
	start cast.Position
	index *Index
	t     *vt.Terminal

	time  time.Duration // of the latest event that is on the screen
	count int64         // events that are on the screen
	at    cast.Position // of the event after them

	next cast.Event // read but not on the screen, if have
	have bool
	err  error // why there is no next one
}

// NewScreen returns the screen before the first event of src, which must stand
// there. The index may be nil; otherwise it is used to find a time, and learns
// what this Screen sees first. The Screen has src from here on.
func NewScreen(src Source, x *Index) *Screen {
	s := &Screen{src: src, start: src.Position(), index: x}
	s.fresh()
	return s
}

func (s *Screen) fresh() {
	cols, rows := size(s.src.Header())
	s.t = vt.New(cols, rows, vt.Options{Scrollback: keptScrollback})
	s.time, s.count, s.at = 0, 0, s.start
	s.have, s.err = false, nil
}

// Header is what the recording says of itself.
func (s *Screen) Header() cast.Header { return s.src.Header() }

// Terminal is the terminal as it is now. It is to be looked at only, and until the
// next call: another method may put another one in its place.
//
// Of the lines that scrolled off it has some, and not always the same number.
func (s *Screen) Terminal() *vt.Terminal { return s.t }

// Time is when the latest event happened that is on the screen, 0 before the
// first.
func (s *Screen) Time() time.Duration { return s.time }

// Peek returns the event that Step will put on the screen. The error is io.EOF
// behind the last one, or what is wrong with the recording.
func (s *Screen) Peek() (cast.Event, error) {
	if s.err != nil {
		return cast.Event{}, s.err
	}
	if !s.have {
		s.at = s.src.Position()
		if s.next, s.err = s.src.Next(); s.err != nil {
			if s.index != nil && errors.Is(s.err, io.EOF) {
				s.index.end(s)
			}
			return cast.Event{}, s.err
		}
		s.have = true
	}
	return s.next, nil
}

// Step puts the next event on the screen and returns it. Errors are those of Peek.
func (s *Screen) Step() (cast.Event, error) {
	e, err := s.Peek()
	if err != nil {
		return e, err
	}
	apply(s.t, e)
	s.have = false
	s.time = max(s.time, e.Time)
	s.count++
	if s.index != nil {
		s.at = s.src.Position()
		s.index.note(s, e)
	}
	return e, nil
}

// apply does to a terminal what an event did.
func apply(t *vt.Terminal, e cast.Event) {
	switch e.Code {
	case cast.Output:
		t.Write(e.Data)
	case cast.Resize:
		if e.Cols > 0 && e.Rows > 0 {
			t.Resize(e.Cols, e.Rows)
		}
	}
}

// At brings the screen to time t, with all events up to and of that time, and
// returns the terminal, which is as with [Screen.Terminal]. Behind the end it is
// the last screen. The error is what is wrong with the recording before t; the
// terminal then is that of the last good event.
func (s *Screen) At(t time.Duration) (*vt.Terminal, error) {
	if err := s.rewind(t); err != nil {
		return s.t, err
	}
	for {
		e, err := s.Peek()
		if errors.Is(err, io.EOF) {
			return s.t, nil
		}
		if err != nil {
			return s.t, err
		}
		if e.Time > t {
			return s.t, nil
		}
		if _, err := s.Step(); err != nil {
			return s.t, err
		}
	}
}

// rewind goes to the keyframe from which t is reached first, unless that is where
// we are.
func (s *Screen) rewind(t time.Duration) error {
	var k keyframe
	known := false
	if s.index != nil {
		k, known = s.index.before(t)
	}
	if back := t < s.time; !back && (!known || k.Count <= s.count) {
		return nil
	}
	if !known {
		if err := s.src.Seek(s.start); err != nil {
			return fmt.Errorf("going back to the begin of the recording: %w", err)
		}
		s.fresh()
		return nil
	}
	term, err := k.terminal()
	if err == nil {
		err = s.src.Seek(k.At)
	}
	if err != nil {
		return fmt.Errorf("going to %v of the recording: %w", k.Time, err)
	}
	s.t, s.time, s.count, s.at = term, k.Time, k.Count, k.At
	s.have, s.err = false, nil
	return nil
}
