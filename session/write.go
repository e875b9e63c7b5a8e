package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
)

// Everything that is written to the program is written by who has the turn, an
// atom at a time: what must not be torn apart, such as one character, one key,
// one paste. Turns are given in the order in which they were asked for.

const (
	// sendTime bounds a Send unless it says otherwise.
	sendTime = 10 * time.Second
	// enterGap is the pause between injected text and an Enter: what comes
	// faster is taken for a paste by line editors and agents' prompts.
	enterGap = 100 * time.Millisecond
	// echoLook is how often the terminal is asked whether it still echoes; the
	// kernel tells nobody of a change.
	echoLook = 5 * time.Millisecond
	// replyTime bounds how long an answer of the emulator waits for a program
	// that does not read.
	replyTime = 2 * time.Second
)

// ErrEnded is returned by what needs a program that still runs.
var ErrEnded = errors.New("the program has ended")

// A RefusedError says why an input was not written, or not whole.
type RefusedError struct {
	Why  string
	Hint string
}

func (e *RefusedError) Error() string {
	if e.Hint == "" {
		return e.Why
	}
	return e.Why + "; " + e.Hint
}

// Send writes a message and returns when the terminal has all of it, which is
// not yet the program. An error that is a *RefusedError or comes from package
// keys is the caller's to mend; nothing was written then, unless it says so.
func (s *Session) Send(ctx context.Context, in Input) error {
	ctx, cancel := within(ctx, in.Timeout)
	defer cancel()
	atoms, err := s.plan(in)
	if err != nil {
		return err
	}
	w := sending{s: s, ctx: ctx, in: in}
	defer w.release()
	for i, a := range atoms {
		if err := w.send(a); err != nil {
			return partly(i, len(atoms), err)
		}
	}
	return nil
}

// within bounds ctx by a timeout as inputs and conditions have it: 0 is 10 s,
// negative none.
func within(ctx context.Context, limit job.Duration) (context.Context, context.CancelFunc) {
	switch {
	case limit < 0:
		return context.WithCancel(ctx)
	case limit == 0:
		limit = job.Duration(sendTime)
	}
	return context.WithTimeout(ctx, time.Duration(limit))
}

// sending is a message on its way. It keeps its turn from atom to atom, unless
// there is a pause between them: others need not wait for that.
type sending struct {
	s    *Session
	ctx  context.Context
	in   Input
	turn bool
}

func (w *sending) send(a atom) error {
	if d := w.s.delay(a); d > 0 {
		if !w.in.Exclusive {
			w.release()
		}
		if err := w.s.sleep(w.ctx, d); err != nil {
			return err
		}
	}
	for {
		// Others go on while a secret waits for its moment.
		if w.in.Secret && !w.turn {
			if err := w.s.noEcho(w.ctx, w.in.SecretKeys); err != nil {
				return err
			}
		}
		if !w.turn {
			if err := w.s.takeTurn(w.ctx, w.in.Source); err != nil {
				return err
			}
			w.turn = true
			if w.in.Exclusive {
				w.s.hold(w.in.Source)
			}
		}
		err := w.s.sendAtom(w.ctx, w.in, a)
		if !errors.Is(err, errEchoes) {
			return err
		}
		w.release() // it was over before our turn came
	}
}

// errEchoes tells that a secret would be shown now.
var errEchoes = errors.New("the terminal shows what is typed")

func (w *sending) release() {
	if !w.turn {
		return
	}
	if w.in.Exclusive {
		w.s.hold("")
	}
	w.turn = false
	w.s.giveTurn()
}

// partly adds how far a message came.
func partly(done, all int, err error) error {
	if done == 0 || all == 1 {
		return err
	}
	return fmt.Errorf("after %d of %d pieces: %w", done, all, err)
}

// sendAtom writes an atom. The caller has the turn.
func (s *Session) sendAtom(ctx context.Context, in Input, a atom) error {
	data := a.data
	if a.make != nil {
		var err error
		if data, err = a.make(); err != nil {
			return err
		}
	}
	st, err := s.master.LineState()
	if err != nil {
		return s.gone(err)
	}
	if in.Secret && shows(st, in.SecretKeys) != "" {
		return errEchoes
	}
	if a.eof {
		if data, err = s.eofBytes(st); err != nil {
			return err
		}
	}
	if err := s.checkLine(st, data); err != nil {
		return err
	}
	hide := ""
	if in.Secret {
		hide = "SECRET"
	}
	s.remember(in.Source)
	err = s.put(ctx, in.Source, data, hide, st)
	if a.text && err == nil {
		s.mu.Lock()
		s.lastText = time.Now()
		s.mu.Unlock()
	}
	return err
}

// put writes bytes and notes who wrote them. The caller has the turn.
func (s *Session) put(ctx context.Context, source string, data []byte, hide string, st pty.State) error {
	n, err := s.enter(ctx, data)
	s.countLine(st, data[:n])
	if hide != "" {
		s.journal.kept(hide, source)
	} else {
		s.journal.input(source, data[:n], time.Now())
	}
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%d of %d bytes were taken: %w", n, len(data), ctx.Err())
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &RefusedError{Why: fmt.Sprintf("the program does not read its input: %d of %d bytes were taken", n, len(data)),
			Hint: "sluice screen --json tells who has the terminal"}
	}
	return s.gone(err)
}

// enter writes to the terminal until ctx ends. A key finds room, and needs no
// deadline.
func (s *Session) enter(ctx context.Context, data []byte) (int, error) {
	n := 0
	if ctx.Err() == nil {
		n = s.master.WriteSome(data)
	}
	if n == len(data) {
		return n, nil
	}
	deadline, _ := ctx.Deadline()
	s.master.SetWriteDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { s.master.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	k, err := s.master.Write(data[n:])
	return n + k, err
}

// gone says what an error of the terminal means.
func (s *Session) gone(err error) error {
	if errors.Is(err, pty.ErrNoSlave) || errors.Is(err, os.ErrClosed) {
		return ErrEnded
	}
	return fmt.Errorf("writing to the terminal: %w", err)
}

// SendEOF ends the input of a program that reads lines.
func (s *Session) SendEOF(ctx context.Context, source string) error {
	return s.Send(ctx, Input{Source: source, Steps: []Step{{EOF: true}}})
}
