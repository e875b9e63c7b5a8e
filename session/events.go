package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicerun/sluice/stream"
)

// EventKind is what an Event tells.
type EventKind uint8

const (
	// EventBegin comes first, and once: Head, Cols and Rows are what the session
	// began with.
	EventBegin EventKind = iota + 1
	// EventOutput: the program wrote Data. What came at once may be told in several
	// events, and a character may be cut.
	EventOutput
	// EventInput: Data was written to the program, in the name of the last source.
	// It may come in several events as well.
	EventInput
	// EventResize: the terminal has the size Cols and Rows.
	EventResize
	// EventSource: the input that follows is from Text.
	EventSource
	// EventHidden: Text typed something while the terminal did not show it, and
	// it is not in the log.
	EventHidden
	// EventSecret: Text typed a secret, which is not in the log.
	EventSecret
	// EventMark: somebody put a marker here, which is called Text.
	EventMark
	// EventHide: what follows is not to be in recordings, until EventShow.
	EventHide
	EventShow
	// EventLost: N bytes of the output are not in the log any more.
	EventLost
	// EventExit: the program ended with Status, as shells give it, and all that it
	// wrote was told.
	EventExit
)

func (k EventKind) String() string {
	names := [...]string{"none", "begin", "output", "input", "resize", "source", "hidden", "secret", "mark", "hide", "show", "lost", "exit"}
	if int(k) >= len(names) {
		return fmt.Sprintf("event %d", k)
	}
	return names[k]
}

// Event is something that happened in a session.
type Event struct {
	// Time is since the session began, with the precision of a microsecond. It
	// never goes back.
	Time       time.Duration
	Kind       EventKind
	Data       []byte // valid during the call
	Cols, Rows int    // 1 to 65535
	Text       string
	N          int64
	Status     int
	Head       Head
}

// Head is what the logs of a session begin with. What they do not say is zero.
type Head struct {
	Start   time.Time // whole seconds
	Command string    // with its arguments, not quoted
	Term    string    // the variable TERM
}

// Events tells everything that is in the logs of a session in dir, in its order.
// The session may go on meanwhile: what comes after the call is not told. What a
// crash left out of the timing comes with the time of the last event before. An
// error of f ends it and is returned as it is.
func Events(dir string, f func(Event) error) error {
	l, err := openLogs(dir, true)
	if err != nil {
		return fmt.Errorf("reading a session: %w", err)
	}
	defer l.Close()
	return l.events(f)
}

// deletedFile stands in the place of logs that were deleted on purpose.
const deletedFile = "deleted"

// Deleted notes in dir that the logs there are deleted on purpose, and which file
// has a recording of the session.
func Deleted(dir, recording string) error {
	return os.WriteFile(filepath.Join(dir, deletedFile), []byte(recording), 0o600)
}

// WereDeleted tells whether logs were deleted on purpose, and where the recording is.
func WereDeleted(dir string) (recording string, was bool) {
	b, err := os.ReadFile(filepath.Join(dir, deletedFile))
	return string(b), err == nil
}

// logs are the logs of a session.
type logs struct {
	out    *stream.Reader
	size   int64    // of out
	in     *os.File // nil if it is not wanted or not there
	inSize int64
	timing *os.File
	length int64 // of timing
}

// openLogs opens the logs in dir. Without input, what was typed is not told.
func openLogs(dir string, input bool) (l *logs, err error) {
	l = &logs{}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	// The timing first: a byte that it tells of is in the log already.
	l.timing, err = os.Open(filepath.Join(dir, TimingFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return l, err
		}
		if file, was := WereDeleted(dir); was {
			return l, fmt.Errorf("the logs were deleted, as they held what was not to be kept: the recording %s has the rest", file)
		}
		return l, fmt.Errorf("%s holds the logs of no terminal", dir)
	}
	if err != nil {
		return l, err
	}
	if l.length, err = l.timing.Seek(0, io.SeekEnd); err != nil {
		return l, err
	}
	if l.out, err = stream.OpenReader(dir, OutputLog); err != nil {
		return l, err
	}
	l.size = l.out.Size()
	if !input {
		return l, nil
	}
	l.in, err = os.Open(filepath.Join(dir, StdinLog))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil // somebody did not want to keep it
	}
	if err == nil {
		l.inSize, err = l.in.Seek(0, io.SeekEnd)
	}
	return l, err
}

func (l *logs) Close() {
	if l.out != nil {
		l.out.Close()
	}
	for _, f := range []*os.File{l.in, l.timing} {
		if f != nil {
			f.Close()
		}
	}
}

// events walks over all of it. It may be called again.
func (l *logs) events(f func(Event) error) error {
	w := walk{out: l.out, size: l.size, f: f}
	if l.in != nil {
		w.in, w.inSize = l.in, l.inSize
	}
	return w.follow(io.NewSectionReader(l.timing, 0, l.length))
}
