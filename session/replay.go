package session

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
)

// OutputLog is the log of a session's output.
const OutputLog = "stdout.log"

// Replay shows a terminal everything that is in the logs of a session in dir, at
// the sizes that it had: the screen as it is, or was at its end.
func Replay(dir string) (*vt.Terminal, error) {
	l, err := openLogs(dir, false)
	if err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	defer l.Close()
	var r replay
	if err := l.events(r.event); err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	return r.vt, nil
}

// replay is one in the middle.
type replay struct{ vt *vt.Terminal }

// event shows what can be seen of an event.
func (r *replay) event(e Event) error {
	switch e.Kind {
	case EventBegin:
		r.vt = vt.New(e.Cols, e.Rows, vt.Options{})
	case EventOutput:
		r.vt.Write(e.Data)
	case EventResize:
		r.vt.Resize(e.Cols, e.Rows)
	}
	return nil
}
