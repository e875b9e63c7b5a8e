package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/keys"
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
	limit := time.Duration(in.Timeout)
	if limit == 0 {
		limit = sendTime
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
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
	deadline, _ := ctx.Deadline()
	s.master.SetWriteDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { s.master.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	n, err := s.master.Write(data)
	s.countLine(st, data[:n])
	if hide != "" {
		s.journal.kept(hide, source)
	} else {
		s.journal.input(source, data[:n], time.Now())
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &RefusedError{Why: fmt.Sprintf("the program does not read its input: %d of %d bytes were taken", n, len(data)),
			Hint: "sluice screen --json tells who has the terminal"}
	}
	return s.gone(err)
}

// gone says what an error of the terminal means.
func (s *Session) gone(err error) error {
	if errors.Is(err, pty.ErrNoSlave) || errors.Is(err, os.ErrClosed) {
		return ErrEnded
	}
	return fmt.Errorf("writing to the terminal: %w", err)
}

// takeTurn waits until nobody else writes.
func (s *Session) takeTurn(ctx context.Context, source string) error {
	select {
	case <-s.exited:
		return ErrEnded
	default:
	}
	for {
		select {
		case s.turn <- struct{}{}:
		case <-s.exited:
			return ErrEnded
		case <-ctx.Done():
			return s.late(ctx, "waiting for its turn"+s.whoWrites())
		}
		// A person may have taken the keyboard over.
		if s.mayWrite(source) {
			return nil
		}
		<-s.turn
		changed, leave := s.watch()
		if s.mayWrite(source) {
			leave()
			continue
		}
		select {
		case <-changed:
		case <-s.exited:
		case <-ctx.Done():
			leave()
			return s.late(ctx, "waiting for its turn"+s.whoWrites())
		}
		leave()
	}
}

func (s *Session) giveTurn() { <-s.turn }

// mayWrite tells whether somebody may write now. Answers of a terminal are
// nobody's turn.
func (s *Session) mayWrite(source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keyboard == nil || s.keyboard.source() == source
}

// hold names who has the turn for a whole batch.
func (s *Session) hold(source string) {
	s.mu.Lock()
	s.holder = source
	s.notify()
	s.mu.Unlock()
}

func (s *Session) whoWrites() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.keyboard != nil:
		return fmt.Sprintf(", while %s has taken the keyboard over", s.keyboard.source())
	case s.holder != "":
		return fmt.Sprintf(", while %s has the keyboard for itself", s.holder)
	}
	return ""
}

// late says what took too long.
func (s *Session) late(ctx context.Context, doing string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &RefusedError{Why: "timed out " + doing, Hint: "try again, or give it more time with --timeout"}
	}
	return ctx.Err()
}

// noEcho waits until nobody shows what is typed. A program that reads keys without
// an echo may show them itself: line editors do.
func (s *Session) noEcho(ctx context.Context, keys bool) error {
	for {
		st, err := s.master.LineState()
		if err != nil {
			return s.gone(err)
		}
		why := shows(st, keys)
		if why == "" {
			return nil
		}
		select {
		case <-time.After(echoLook):
		case <-s.exited:
			return ErrEnded
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &RefusedError{Why: why + ": the secret was not sent",
					Hint: "send it when the program asks for it; wait for its prompt first"}
			}
			return ctx.Err()
		}
	}
}

// shows says why a secret would be shown; empty: it would not.
func shows(st pty.State, keys bool) string {
	switch {
	case st.Echo:
		return "the terminal still shows what is typed"
	case !st.Canonical && !keys:
		return "the program reads keys and may show them itself"
	}
	return ""
}

// eofBytes ends the input of a program that reads lines.
func (s *Session) eofBytes(st pty.State) ([]byte, error) {
	if !st.Canonical || st.Chars.EOF == 0 {
		return nil, &RefusedError{Why: "the program reads keys, not lines: there is no end of input to send",
			Hint: "if it understands Ctrl+D, use: sluice press RUN Ctrl+D"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line > 0 {
		// The first hands over the unfinished line, the second is the end.
		return []byte{st.Chars.EOF, st.Chars.EOF}, nil
	}
	return []byte{st.Chars.EOF}, nil
}

// checkLine refuses what the kernel would cut off in silence.
func (s *Session) checkLine(st pty.State, data []byte) error {
	if !st.Canonical {
		return nil
	}
	s.mu.Lock()
	n := s.line
	s.mu.Unlock()
	limit := s.master.CanonLimit()
	for rest := data; len(rest) > 0; {
		i := lineEnd(rest, st)
		if i < 0 {
			i = len(rest)
		}
		if n += i; n > limit {
			return &RefusedError{Why: fmt.Sprintf("a line of %d bytes is longer than the %d that the terminal keeps while the program reads lines; nothing was sent", n, limit),
				Hint: "send shorter lines, or wait until the program reads keys"}
		}
		n = 0
		rest = rest[min(i+1, len(rest)):]
	}
	return nil
}

// lineEnd finds what hands a line over to the program.
func lineEnd(p []byte, st pty.State) int {
	return bytes.IndexFunc(p, func(r rune) bool {
		return r == '\n' || r == '\r' && st.CRToNL || r < ' ' && r != 0 &&
			(byte(r) == st.Chars.EOF || st.Signals && (byte(r) == st.Chars.Interrupt || byte(r) == st.Chars.Quit) || byte(r) == st.Chars.Kill)
	})
}

// countLine keeps count of the line that is being typed, and of ^S and ^Q.
func (s *Session) countLine(st pty.State, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.FlowControl {
		if i := bytes.LastIndexAny(data, string([]byte{st.Chars.Stop, st.Chars.Start})); i >= 0 {
			s.xoff = data[i] == st.Chars.Stop
		}
	} else {
		s.xoff = false
	}
	if !st.Canonical {
		s.line = 0
		return
	}
	for len(data) > 0 {
		i := lineEnd(data, st)
		if i < 0 {
			s.line += len(data)
			return
		}
		s.line, data = 0, data[i+1:]
	}
}

// writeReply writes an answer of the emulator.
func (s *Session) writeReply(b []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), replyTime)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		defer s.giveTurn()
	case <-s.exited:
		return
	case <-ctx.Done():
		return
	}
	st, err := s.master.LineState()
	if err != nil {
		return
	}
	s.put(ctx, "reply", b, "", st)
}

// SendEOF ends the input of a program that reads lines.
func (s *Session) SendEOF(ctx context.Context, source string) error {
	return s.Send(ctx, Input{Source: source, Steps: []Step{{EOF: true}}})
}
