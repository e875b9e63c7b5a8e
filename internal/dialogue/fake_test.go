package dialogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// frame is what a fake program shows a while after an input.
type frame struct {
	after  time.Duration
	text   string // the screen; the cursor is at its end
	title  string
	ended  bool
	status int
}

// fakeHost starts fake programs: what each answers to an input is told by react,
// which is given "" at the start.
type fakeHost struct {
	react map[string]func(in string) []frame
	files files
	env   map[string]string
	log   []string
	mu    sync.Mutex
	ends  []*fakeTerminal
}

func (h *fakeHost) note(format string, a ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, fmt.Sprintf(format, a...))
}

func (h *fakeHost) Start(_ context.Context, spec StartSpec) (Terminal, error) {
	name := spec.Shell
	if name == "" {
		name = spec.Args[0]
	}
	h.note("start %q %+v", name, spec)
	react := h.react[name]
	if react == nil {
		return nil, fmt.Errorf("starting %s: no such file or directory", name)
	}
	t := &fakeTerminal{host: h, name: spec.Name, react: react, changed: make(chan struct{}), at: time.Now(), screen: Screen{Size: spec.Size, Row: 1, Col: 1}}
	t.play(react(""))
	h.ends = append(h.ends, t)
	return t, nil
}

func (h *fakeHost) Echo(text string)                     { h.note("echo %q", text) }
func (h *fakeHost) ReadFile(name string) ([]byte, error) { return h.files.open(name) }
func (h *fakeHost) Getenv(name string) (string, bool)    { v, ok := h.env[name]; return v, ok }
func (h *fakeHost) WriteFile(name string, data []byte) error {
	h.note("write %s %q", name, data)
	h.files[name] = string(data)
	return nil
}

func (h *fakeHost) LookPath(p string) error {
	if p == "missing" {
		return os.ErrNotExist
	}
	return nil
}

type fakeTerminal struct {
	host  *fakeHost
	name  string
	react func(string) []frame

	mu      sync.Mutex
	screen  Screen
	before  string // the text at the last input
	at      time.Time
	changed chan struct{}
	closed  bool
}

// play shows frames, each so long after the one before.
func (t *fakeTerminal) play(frames []frame) {
	var after time.Duration
	for _, f := range frames {
		after += f.after
		if after == 0 {
			t.show(f)
			continue
		}
		time.AfterFunc(after, func() { t.show(f) })
	}
}

func (t *fakeTerminal) show(f frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.screen
	s.Text, s.Title, s.Ended, s.Status = f.text, f.title, f.ended, f.status
	s.Lines = strings.Split(f.text, "\n")
	s.Row, s.Col = len(s.Lines), len([]rune(s.Lines[len(s.Lines)-1]))+1
	for len(s.Lines) < s.Size.Rows {
		s.Lines = append(s.Lines, "")
	}
	t.at = time.Now()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *fakeTerminal) Send(_ context.Context, in session.Input) error {
	var sent, log strings.Builder
	for _, s := range in.Steps {
		if s.Delay > 0 {
			fmt.Fprintf(&log, " +%s", time.Duration(s.Delay))
		}
		if s.Pace > 0 {
			fmt.Fprintf(&log, " pace %s", time.Duration(s.Pace))
		}
		one := s.Text + string(s.Data) + string(s.Paste)
		switch {
		case s.Keys != nil:
			one = "<" + strings.Join(s.Keys, "><") + ">"
		case s.Mouse != nil:
			one = fmt.Sprintf("%+v", *s.Mouse)
		case s.EOF:
			one = "EOF"
		case s.Data != nil:
			log.WriteString(" raw")
		case s.Paste != nil:
			log.WriteString(" paste")
		}
		fmt.Fprintf(&log, " %q", one)
		sent.WriteString(one)
	}
	t.host.note("%ssend from %s, secret %v:%s", named(t.name), in.Source, in.Secret, log.String())
	t.mu.Lock()
	ended := t.screen.Ended
	t.before = t.screen.Text
	t.mu.Unlock()
	if ended {
		return errors.New("writing to the program: it has ended")
	}
	t.play(t.react(sent.String()))
	return nil
}

// holds is the condition on the screen now, and how long until it may by itself.
func (t *fakeTerminal) holds(c session.Condition) (bool, time.Duration) {
	count := func(f func(string) int) bool {
		n := f(t.screen.Text)
		if c.SinceInput {
			return n > f(t.before)
		}
		return n > 0
	}
	matches := func(re, s string) int { return len(regexp.MustCompile("(?m)"+re).FindAllString(s, -1)) }
	quiet := time.Since(t.at)
	ok := (c.Text == "" || count(func(s string) int { return strings.Count(s, c.Text) })) &&
		(c.Regexp == "" || count(func(s string) int { return matches(c.Regexp, s) })) &&
		(c.Gone == "" || !strings.Contains(t.screen.Text, c.Gone)) &&
		(c.Row == 0 || c.Row == t.screen.Row) && (c.Col == 0 || c.Col == t.screen.Col) &&
		(c.Title == "" || matches(c.Title, t.screen.Title) > 0) &&
		(!c.Exit || t.screen.Ended) && c.File == "" && c.Port == 0 &&
		(!c.Prompt || strings.HasSuffix(t.screen.Text, "$ "))
	if ok && quiet < time.Duration(c.Settled) {
		return false, time.Duration(c.Settled) - quiet
	}
	return ok, time.Hour
}

func (t *fakeTerminal) Wait(ctx context.Context, c session.Condition) (Screen, error) {
	limit := time.Duration(c.Timeout)
	if limit < 0 {
		limit = 24 * time.Hour
	}
	end := time.Now().Add(limit)
	for {
		t.mu.Lock()
		ok, again := t.holds(c)
		s, changed := t.screen, t.changed
		t.mu.Unlock()
		switch {
		case ok:
			return s, nil
		case s.Ended:
			return s, ErrEnded
		case c.Timeout == 1:
			return s, ErrNotMet
		}
		timer := time.NewTimer(min(again, time.Until(end)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return s, ctx.Err()
		case <-changed:
			timer.Stop()
		case <-timer.C:
			if !time.Now().Before(end) {
				return s, fmt.Errorf("waiting: %w", ErrNotMet)
			}
		}
	}
}

func (t *fakeTerminal) Screen(context.Context) (Screen, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen, nil
}

func (t *fakeTerminal) Resize(_ context.Context, s Size) error {
	t.host.note("%sresize %s", named(t.name), s)
	return nil
}

func (t *fakeTerminal) Signal(_ context.Context, s job.Signal) error {
	t.host.note("%ssignal %s", named(t.name), s)
	t.play(t.react(s.String()))
	return nil
}

func (t *fakeTerminal) Mark(_ context.Context, l string) error {
	t.host.note("%smark %q", named(t.name), l)
	return nil
}

func (t *fakeTerminal) Record(_ context.Context, on bool) error {
	t.host.note("%srecord %v", named(t.name), on)
	return nil
}

func (t *fakeTerminal) Screenshot(_ context.Context, file string) error {
	if strings.HasPrefix(file, "/nowhere/") {
		return os.ErrNotExist
	}
	t.host.note("%sscreenshot %s", named(t.name), file)
	return nil
}

func (t *fakeTerminal) Recording(_ context.Context, file string) error {
	if strings.HasPrefix(file, "/nowhere/") {
		return os.ErrNotExist
	}
	t.host.note("%srecording %s", named(t.name), file)
	return nil
}

func (t *fakeTerminal) Close(context.Context) error {
	t.host.note("%sclose", named(t.name))
	t.closed = true
	return nil
}
