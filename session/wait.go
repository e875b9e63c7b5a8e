package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/sluicerun/sluice/vt"
)

// outsideLook is how often a file or a port is looked for: nobody tells of those.
const outsideLook = 20 * time.Millisecond

// A NotMetError says that a condition did not come true. Unless the program ended
// first it is a context.DeadlineExceeded, for errors.Is.
type NotMetError struct {
	// What was waited for, for people.
	What string
	// Ended: the program ended first. Otherwise the time was up.
	Ended bool
	After time.Duration
	// Screen is the text of the screen when Wait gave up. The error's own text, which
	// is one line, does not have it.
	Screen string `json:"-"`
}

func (e *NotMetError) Error() string {
	if e.Ended {
		return fmt.Sprintf("the program ended before %s", e.What)
	}
	return fmt.Sprintf("waited %v for %s", e.After.Round(time.Millisecond), e.What)
}

// Unwrap makes it the error of a time that is over, whoever set it: Condition.Timeout
// or the context.
func (e *NotMetError) Unwrap() error {
	if e.Ended {
		return nil
	}
	return context.DeadlineExceeded
}

// baseline is the screen at the time of an input.
type baseline struct {
	text     []byte // of all rows
	ends     []int  // of each row in text
	scrolled uint64
	prompts  int
	alt      bool
	at       time.Time
}

// remember takes the baseline of a writer's input, when the emulator shows what
// came before and is about to be shown more: a key does not wait for that.
func (s *Session) remember(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.base[source]
	if b == nil {
		if len(s.base) >= maxBaselines {
			clear(s.base) // sources with process numbers come and go
			s.due = nil
		}
		b = &baseline{}
		s.base[source] = b
	}
	s.lastBase = b
	b.at = time.Now()
	s.due = slices.DeleteFunc(s.due, func(d dueBaseline) bool { return d.baseline == b })
	s.due = append(s.due, dueBaseline{b, s.owed})
}

// take remembers the screen. The caller holds mu.
func (b *baseline) take(s *Session) {
	// At every key: what is kept is used again.
	b.scrolled, b.prompts, b.alt = s.vt.Scrolled(), s.vt.Prompt().Count, s.vt.Modes().AltScreen
	b.text, b.ends = b.text[:0], b.ends[:0]
	_, rows := s.vt.Size()
	for y := range rows {
		b.text = s.vt.AppendLine(b.text, y)
		b.ends = append(b.ends, len(b.text))
	}
}

// dueBaseline is a baseline that is to be taken when the emulator is at an offset.
type dueBaseline struct {
	*baseline
	off int64
}

// line is a row of the screen then; false: it had no such row.
func (b *baseline) line(y int) (string, bool) {
	if y >= len(b.ends) {
		return "", false
	}
	from := 0
	if y > 0 {
		from = b.ends[y-1]
	}
	return string(b.text[from:b.ends[y]]), true
}

const maxBaselines = 64

// Wait returns nil once the condition holds. The error is a *NotMetError if it
// did not come true in time, ctx's own if that was cancelled, and another one if
// the condition makes no sense.
func (s *Session) Wait(ctx context.Context, c Condition) error {
	w, err := newWait(c)
	if err != nil {
		return err
	}
	begun := time.Now()
	ctx, cancel := within(ctx, c.Timeout)
	defer cancel()
	changed, leave := s.watch()
	defer leave()
	for {
		ended := s.Ended()
		ok, again := s.holds(w)
		if ok {
			return nil
		}
		if ended && again == 0 {
			return s.notMet(w, true, begun)
		}
		var timer <-chan time.Time
		if again > 0 {
			timer = time.After(again)
		}
		shown := s.shown
		if ended {
			shown = nil
		}
		select {
		case <-changed:
		case <-shown:
		case <-timer:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return s.notMet(w, false, begun)
			}
			return fmt.Errorf("waiting for %s: %w", w, ctx.Err())
		}
	}
}

// notMet is the error for a condition that did not come true.
func (s *Session) notMet(w *wait, ended bool, begun time.Time) error {
	after := time.Since(begun)
	s.catchUp()
	defer s.mu.Unlock()
	return &NotMetError{What: w.String(), Ended: ended, After: after, Screen: strings.TrimRight(s.text(nil), "\n")}
}

// wait is a condition that was understood.
type wait struct {
	Condition
	regexp, title *regexp.Regexp
}

func newWait(c Condition) (*wait, error) {
	w := &wait{Condition: c}
	var err error
	if c.Regexp != "" {
		if w.regexp, err = regexp.Compile("(?m)" + c.Regexp); err != nil {
			return nil, &RefusedError{Why: fmt.Sprintf("the regular expression %q: %v", c.Regexp, err), Hint: "the syntax is that of RE2"}
		}
	}
	if c.Title != "" {
		if w.title, err = regexp.Compile(c.Title); err != nil {
			return nil, &RefusedError{Why: fmt.Sprintf("the regular expression %q: %v", c.Title, err), Hint: "the syntax is that of RE2"}
		}
	}
	if w.String() == "" {
		return nil, &RefusedError{Why: "there is nothing to wait for"}
	}
	return w, nil
}

// String says what is waited for.
func (w *wait) String() string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(w.Text != "", "the text %q", w.Text)
	add(w.Regexp != "", "text matching /%s/", w.Regexp)
	add(w.Gone != "", "the text %q to go", w.Gone)
	add(w.Settled > 0, "a screen that does not change for %v", time.Duration(w.Settled))
	add(w.Row > 0 && w.Col > 0, "the cursor in row %d, column %d", w.Row, w.Col)
	add(w.Row > 0 && w.Col == 0, "the cursor in row %d", w.Row)
	add(w.Row == 0 && w.Col > 0, "the cursor in column %d", w.Col)
	add(w.Title != "", "a title matching /%s/", w.Title)
	add(w.Prompt, "the shell's prompt")
	add(w.Exit, "its end")
	add(w.File != "", "the file %s", w.File)
	add(w.Port > 0, "somebody who listens on port %d", w.Port)
	return strings.Join(parts, " and ")
}

// holds tells whether the condition holds now, and if not, when to look again
// even if nothing changes; 0: not before something does.
func (s *Session) holds(w *wait) (ok bool, again time.Duration) {
	if ok, again = s.screenHolds(w); !ok {
		return false, again
	}
	if w.File != "" {
		if _, err := os.Stat(w.File); err != nil {
			return false, outsideLook
		}
	}
	if w.Port > 0 && !listening(w.Port) {
		return false, outsideLook
	}
	return true, 0
}

const (
	// promptPause ends a prompt of a shell that does not say where it ends.
	promptPause = 50 * time.Millisecond
	// longPromptPause does so where another has said it before: they may be two.
	longPromptPause = 500 * time.Millisecond
)

func (s *Session) screenHolds(w *wait) (ok bool, again time.Duration) {
	s.catchUp()
	defer s.mu.Unlock()
	if w.Exit && !s.Ended() {
		return false, 0
	}
	base := s.since(w)
	if w.Text != "" || w.Regexp != "" || w.Gone != "" {
		text := s.text(base)
		if !strings.Contains(text, w.Text) || w.regexp != nil && !w.regexp.MatchString(text) {
			return false, 0
		}
		if w.Gone != "" && strings.Contains(s.text(nil), w.Gone) {
			return false, 0
		}
	}
	cur := s.vt.Cursor()
	if w.Row > 0 && cur.Y != w.Row-1 || w.Col > 0 && cur.X != w.Col-1 {
		return false, 0
	}
	if w.title != nil && !w.title.MatchString(s.vt.Title()) {
		return false, 0
	}
	if w.Prompt {
		p := s.vt.Prompt()
		if !p.Seen || p.State != vt.PromptStart && p.State != vt.InputStart || base != nil && p.Count <= base.prompts {
			return false, 0
		}
		if p.State == vt.PromptStart { // the rest of it is on its way
			pause := promptPause
			if p.Ends {
				pause = longPromptPause
			}
			if left := time.Until(s.changed.Add(pause)); left > 0 && !s.Ended() {
				return false, left
			}
		}
	}
	if w.Settled > 0 {
		last := s.changed
		if s.lastBase.at.After(last) {
			last = s.lastBase.at // an answer to what was just typed may be on its way
		}
		if left := time.Until(last.Add(time.Duration(w.Settled))); left > 0 && !s.Ended() {
			return false, left
		}
	}
	return true, 0
}

// since is the baseline that a wait counts from; nil: none. The caller holds mu.
func (s *Session) since(w *wait) *baseline {
	if !w.SinceInput {
		return nil
	}
	s.takeDue()
	if b := s.base[w.Source]; w.Source != "" && b != nil {
		return b
	}
	return s.lastBase
}

// text is the screen's text, a wrapped line as one; with a baseline only the
// lines that were not there then. The caller holds mu.
func (s *Session) text(base *baseline) string {
	_, rows := s.vt.Size()
	cur := s.vt.Cursor()
	var all, line []byte
	isNew := base == nil
	start := true
	for y := range rows {
		if start {
			line, isNew, start = line[:0], base == nil, false
		}
		n := len(line)
		line = s.vt.AppendLine(line, y)
		if y == cur.Y {
			// A prompt's last blank was written, which those behind the cursor
			// were not.
			for w := displaywidth.Bytes(line[n:]); w < cur.X; w++ {
				line = append(line, ' ')
			}
		}
		if base != nil && !isNew {
			isNew = s.isNew(base, y, string(line[n:]))
		}
		if s.vt.Wraps(y) && y < rows-1 {
			continue
		}
		start = true
		if isNew {
			all = append(append(all, line...), '\n')
		}
	}
	return string(all)
}

// isNew tells whether row y was not there at the baseline. What has only
// scrolled is not new.
func (s *Session) isNew(b *baseline, y int, line string) bool {
	if b.alt != s.vt.Modes().AltScreen {
		return true
	}
	was := y
	if !b.alt {
		was += int(s.vt.Scrolled() - b.scrolled)
	}
	old, ok := b.line(was)
	return !ok || old != line
}
