package playback

import (
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Source is a recording that can be read from any event on. A [cast.Reader] of a
// file is one.
type Source interface {
	// Header is what the recording says of itself. Width and Height of 0 stand for
	// 80 by 24.
	Header() cast.Header
	// Next returns the next event, and io.EOF behind the last. The event's data is
	// valid until the next call.
	Next() (cast.Event, error)
	// Position is where the event that Next will return begins, and Seek goes to a
	// position that was told before.
	Position() cast.Position
	Seek(cast.Position) error
}

// FromEvents returns a recording that is in memory. The events' times must not go
// back; the slice is not copied.
func FromEvents(h cast.Header, events []cast.Event) Source {
	return &memory{h: h, events: events}
}

type memory struct {
	h      cast.Header
	events []cast.Event
	at     int
}

func (m *memory) Header() cast.Header { return m.h }

func (m *memory) Next() (cast.Event, error) {
	if m.at >= len(m.events) {
		return cast.Event{}, io.EOF
	}
	m.at++
	return m.events[m.at-1], nil
}

func (m *memory) Position() cast.Position { return cast.Position{Offset: int64(m.at)} }

func (m *memory) Seek(p cast.Position) error {
	if p.Offset < 0 || p.Offset > int64(len(m.events)) {
		return fmt.Errorf("going to event %d of a recording in memory: it has %d", p.Offset, len(m.events))
	}
	m.at = int(p.Offset)
	return nil
}

// size is the terminal's size at the begin.
func size(h cast.Header) (cols, rows int) {
	if h.Width < 1 || h.Height < 1 {
		return 80, 24
	}
	return h.Width, h.Height
}

// forever is later than every event.
const forever = time.Duration(1<<63 - 1)
