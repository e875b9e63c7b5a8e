package session

import (
	"errors"
	"fmt"
	"math"

	"github.com/sluicerun/sluice/vt"
)

// OutputLog is the log of a session's output.
const OutputLog = "stdout.log"

// Replay shows a terminal everything that is in the logs of a session in dir, at
// the sizes that it had: the screen as it is, or was at its end.
func Replay(dir string) (*vt.Terminal, error) { return ReplayTo(dir, math.MaxInt64) }

// ReplayTo is Replay up to an offset of the output: the screen as it was then.
func ReplayTo(dir string, off int64) (*vt.Terminal, error) {
	l, err := openLogs(dir, false)
	if err != nil {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	defer l.Close()
	r := replay{left: off}
	if err := l.events(r.event); err != nil && !errors.Is(err, errStopped) {
		return nil, fmt.Errorf("replaying a session: %w", err)
	}
	return r.vt, nil
}

// replay is one in the middle.
type replay struct {
	vt   *vt.Terminal
	left int64 // bytes of output, those that are lost too
}

// event shows what can be seen of an event.
func (r *replay) event(e Event) error {
	switch e.Kind {
	case EventBegin:
		r.vt = vt.New(e.Cols, e.Rows, vt.Options{})
	case EventLost:
		r.left -= e.N
	case EventOutput:
		n := max(min(int64(len(e.Data)), r.left), 0)
		r.vt.Write(e.Data[:n])
		r.left -= n
	case EventResize:
		r.vt.Resize(e.Cols, e.Rows)
	}
	if r.left <= 0 && r.vt != nil {
		return errStopped
	}
	return nil
}
