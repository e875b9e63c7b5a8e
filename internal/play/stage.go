//go:build linux || darwin

package play

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/pty"
	"golang.org/x/sys/unix"
)

// ourModes is all that the player switches on a terminal.
const ourModes = pty.AltScreen | pty.CursorHidden | pty.CursorShape | pty.Style | pty.NoWrap | pty.SyncOutput

const (
	// backLook is how often a player in the background looks whether it is in the
	// foreground: shells send SIGCONT only to jobs that were stopped.
	backLook = 200 * time.Millisecond
	// slow is how long a terminal may take for a piece of a frame before keys are
	// looked at again.
	slow = 100 * time.Millisecond
	// leaveTime is how long it may take to get rid of the last frame.
	leaveTime = time.Second
)

// stage is the person's terminal. It is ours from take to give.
type stage struct {
	in, out *os.File // opened by us; they may be the same
	saved   pty.Saved
	guard   *attach.Guarding
	kb      *attach.Keyboard
	ours    bool
	rest    []byte // of a frame that the terminal has not taken yet
	signals chan os.Signal
	asked   pty.Size // the size before we asked for another; zero: we did not
}

func newStage(o Options) (*stage, error) {
	out, err := attach.OpenTerminal(o.Out)
	if out == nil || err != nil {
		return nil, err
	}
	in, err := attach.OpenTerminal(o.In)
	if err != nil {
		out.Close()
		return nil, err
	}
	if in == nil {
		in = out
	}
	st := &stage{in: in, out: out, signals: make(chan os.Signal, 16)}
	for _, s := range []os.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGWINCH, unix.SIGCONT, unix.SIGTSTP} {
		if !signal.Ignored(s) {
			signal.Notify(st.signals, s)
		}
	}
	return st, nil
}

// take makes the terminal ours. While somebody else has it, it is pty.ErrBackground.
func (st *stage) take() error {
	saved, err := pty.Save(st.in)
	if err != nil {
		return err
	}
	saved.Modes = ourModes
	if st.guard == nil {
		// A description of its own: the guard must not share the flags of ours.
		if f, err := attach.OpenTerminal(st.in); err == nil && f != nil {
			st.guard, _ = attach.StartGuarding(f)
			f.Close()
		}
	}
	st.guard.Arm(saved)
	if err := pty.MakeRaw(st.in); err != nil {
		st.guard.Disarm()
		return err
	}
	st.saved, st.ours = saved, true
	st.kb = attach.StartKeyboard(st.in)
	st.enter()
	return nil
}

// enter switches the terminal's screen to what frames expect.
func (st *stage) enter() {
	st.rest = append(st.rest[:0], "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[m\x1b[2J"...)
}

// give gives the terminal back.
func (st *stage) give() error {
	if !st.ours {
		return nil
	}
	st.ours = false
	st.kb.Stop()
	st.kb = nil
	st.resize(st.asked)
	st.asked = pty.Size{}
	// The end of a frame that was cut off, or the sequences that leave would be
	// taken for a part of it.
	if len(st.rest) > 0 {
		st.flush(leaveTime)
		if len(st.rest) > 0 {
			st.rest = append(st.rest[:0], 0x18)
			st.flush(slow)
		}
	}
	st.rest = nil
	var err error
	if sameTerminal(st.in, st.out) {
		err = st.saved.Restore(st.in)
	} else {
		_, werr := st.out.Write(ourModes.Leave())
		err = errors.Join(werr, st.saved.Restore(st.in))
	}
	st.guard.Disarm()
	if errors.Is(err, unix.EIO) {
		return nil // the terminal is gone, and nothing of ours is left on it
	}
	return err
}

// sameTerminal is whether what is written to one is seen on the other.
func sameTerminal(a, b *os.File) bool {
	sa, erra := a.Stat()
	sb, errb := b.Stat()
	return a == b || erra == nil && errb == nil && os.SameFile(sa, sb)
}

// close gives back what there is.
func (st *stage) close() error {
	err := st.give()
	st.guard.End()
	if st.in != st.out {
		st.in.Close()
	}
	st.out.Close()
	// Last: a second SIGTERM must not find us half done.
	signal.Stop(st.signals)
	return err
}

// size is the terminal's.
func (st *stage) size() pty.Size {
	s, err := pty.SizeOf(st.out)
	if err != nil || s.Cols == 0 || s.Rows == 0 {
		return pty.DefaultSize
	}
	return s
}

// resize asks the terminal for a size (XTWINOPS 8).
func (st *stage) resize(s pty.Size) {
	if s.Cols > 0 && s.Rows > 0 {
		st.rest = fmt.Appendf(st.rest, "\x1b[8;%d;%dt", s.Rows, s.Cols)
	}
}

// show writes a frame, when the one before is out.
func (st *stage) show(frame []byte) error {
	st.rest = append(st.rest, frame...)
	return st.flush(slow)
}

// flush writes what is left, as far as the terminal takes it within d.
func (st *stage) flush(d time.Duration) error {
	st.out.SetWriteDeadline(time.Now().Add(d))
	n, err := st.out.Write(st.rest)
	st.rest = st.rest[:copy(st.rest, st.rest[n:])]
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("drawing the recording: %w", err)
	}
	return nil
}

// suspend gives the terminal back and stops until somebody continues us.
func (st *stage) suspend() error {
	if err := st.give(); err != nil {
		return err
	}
	attach.StopSelf(true)
	return nil
}

// lose is for a terminal that somebody else has taken already.
func (st *stage) lose() {
	st.kb.Stop()
	st.kb, st.ours, st.rest = nil, false, nil
	st.guard.Disarm()
}
