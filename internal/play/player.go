//go:build linux || darwin

package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/vt/render"
	"golang.org/x/sys/unix"
)

const (
	frameTime    = 16 * time.Millisecond // between two frames
	barTime      = 2 * time.Second       // the bar stays after a key
	noteTime     = 4 * time.Second       // a note stays
	escapeTime   = 25 * time.Millisecond // ESC that is a key; a terminal sends a sequence at once
	sequenceTime = 250 * time.Millisecond
)

// player is one Run on a terminal. Its fields belong to Run's goroutine.
type player struct {
	o       Options
	st      *stage
	s       *playback.Screen
	deck    *deck
	paint   painter
	size    pty.Size
	away    bool // the terminal is somebody else's
	resumes bool // the recording goes on when we have it again

	split   keys.Splitter
	heldAt  time.Time
	prompt  prompt
	find    *finder
	wanted  int // 1, -1: go to a match as soon as the search has one
	news    chan struct{}
	match   *playback.Match // where we stand
	strokes strokes
	helping bool

	note    string
	noteEnd time.Time
	barEnd  time.Time
	dirty   bool      // what is shown is not up to date
	drawn   time.Time // the latest frame
	lookAt  time.Time // in the background
	quit    bool
}

// run plays on the terminal that Out is, or plainly where it is none.
func (o Options) run(ctx context.Context, src playback.Source) (Result, error) {
	st, err := newStage(o)
	if err != nil {
		return Result{}, fmt.Errorf("opening the terminal: %w", err)
	}
	if st == nil {
		return plain(ctx, src, o.Out, o)
	}
	p := &player{o: o, st: st, news: make(chan struct{}, 1)}
	p.s = playback.NewScreen(src, o.Index)
	p.deck = newDeck(p.s, o)
	p.strokes.on = o.ShowKeys

	stop := p.index()
	defer stop()
	var closed error
	r, err := func() (Result, error) {
		// Deferred, so that a panic of ours does not leave the terminal raw. One in
		// another goroutine ends the process: that is for the guard.
		defer func() {
			p.find.stop()
			closed = st.close()
		}()
		return p.serve(ctx)
	}()
	if err == nil {
		err = closed
	}
	if err == nil {
		err = p.deck.broken
	}
	if err == nil && !r.Quit {
		// The last screen, where the user goes on.
		_, err = o.Out.Write(render.ANSI(p.s.Terminal().Snapshot(false), render.Options{}))
	}
	return r, err
}

// index goes through the recording in the background, to know where everything is.
func (p *player) index() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		src, err := p.o.Open()
		if err != nil {
			return // it can be played all the same
		}
		defer closeSource(src)
		_ = p.o.Index.Build(ctx, src) // the player finds what is wrong when it comes there
	}()
	return func() {
		cancel()
		<-over
	}
}

func (p *player) serve(ctx context.Context) (Result, error) {
	now := time.Now()
	p.deck.seen = func(e cast.Event) {
		if e.Code == cast.Input {
			p.strokes.add(e.Data, time.Now())
		}
	}
	if p.o.From > 0 {
		if _, err := p.s.At(p.o.From - 1); err != nil {
			return Result{}, err
		}
		p.deck.pos = p.o.From
	}
	p.deck.anchor = now
	if err := p.arrive(now); err != nil {
		return Result{}, err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !p.quit {
		now := time.Now()
		if err := p.tick(now); err != nil {
			return Result{}, err
		}
		if p.deck.ended && !p.deck.paused && !p.again(now) {
			return Result{At: p.deck.pos}, nil
		}
		if next := p.next(); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		var typed <-chan []byte
		if p.st.kb != nil {
			typed = p.st.kb.C()
		}
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case s := <-p.st.signals:
			err = p.signal(s, time.Now())
		case b, more := <-typed:
			if !more {
				err = errors.New("reading the keyboard: the terminal was closed")
				break
			}
			now := time.Now()
			err = p.units(p.split.Feed(b), now)
			p.heldAt = now
		case <-p.news:
			err = p.goTo(time.Now())
		case <-timer.C:
		}
		if err != nil {
			return Result{}, err
		}
	}
	return Result{Quit: true, At: p.deck.at(time.Now())}, nil
}

// again begins anew, if that is wanted and it would not be at the end at once.
func (p *player) again(now time.Time) bool {
	if !p.o.Loop || p.deck.pos <= p.deck.from {
		return false
	}
	if _, err := p.s.At(p.o.From - 1); err != nil {
		return false
	}
	p.deck.pos, p.deck.waited, p.deck.anchor, p.deck.ended = p.deck.from, 0, now, false
	p.dirty = true
	return true
}

// arrive takes the terminal, or waits until it is ours to take.
func (p *player) arrive(now time.Time) error {
	err := p.st.take()
	if errors.Is(err, pty.ErrBackground) {
		if !p.away {
			p.away, p.resumes = true, !p.deck.paused
			p.deck.pause(now)
		}
		p.lookAt = now.Add(backLook)
		return nil
	}
	if err != nil {
		return err
	}
	if p.away && p.resumes {
		p.deck.settle(now)
		p.deck.paused = false
	}
	p.away, p.lookAt = false, time.Time{}
	p.size = p.st.size()
	p.askSize()
	p.paint.forget()
	p.paint.shape = ""
	p.dirty = true
	return nil
}

// askSize asks the terminal to take the recording's size.
func (p *player) askSize() {
	cols, rows := p.s.Terminal().Size()
	if !p.o.Resize || p.away || int(p.size.Cols) == cols && int(p.size.Rows) == rows {
		return
	}
	if p.st.asked == (pty.Size{}) {
		p.st.asked = p.size
	}
	p.st.resize(pty.Size{Cols: uint16(cols), Rows: uint16(rows)})
}

// suspend is ^Z.
func (p *player) suspend(now time.Time) error {
	if p.away {
		return nil
	}
	if !attach.JobControl() {
		p.say("cannot stop: no shell with job control here would continue", now)
		return nil
	}
	resumes := !p.deck.paused
	p.deck.pause(now)
	if err := p.st.suspend(); err != nil {
		return err
	}
	p.away, p.resumes = true, resumes
	return p.arrive(time.Now())
}

func (p *player) signal(s os.Signal, now time.Time) error {
	switch s {
	case unix.SIGWINCH:
		if size := p.st.size(); size != p.size && !p.away {
			p.size, p.dirty = size, true
			p.paint.forget()
		}
	case unix.SIGTSTP:
		return p.suspend(now)
	case unix.SIGCONT:
		if p.away {
			return p.arrive(now)
		}
		return p.comeBack(now)
	default:
		return &SignalError{Signal: s}
	}
	return nil
}

// comeBack is for a stop that was not ours (SIGSTOP): the shell has had the
// terminal meanwhile and left it in modes of its own.
func (p *player) comeBack(now time.Time) error {
	if err := pty.MakeRaw(p.st.in); errors.Is(err, pty.ErrBackground) {
		resumes := !p.deck.paused
		p.deck.pause(now)
		p.st.lose()
		p.away, p.resumes, p.lookAt = true, resumes, now.Add(backLook)
		return nil
	} else if err != nil {
		return err
	}
	p.st.enter()
	p.size = p.st.size()
	p.paint.forget()
	p.dirty = true
	return nil
}

// next is when tick is due; zero is never.
func (p *player) next() time.Time {
	var first time.Time
	add := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	add(p.lookAt)
	if p.away {
		return first
	}
	add(p.deck.due())
	add(p.heldUntil())
	if p.dirty || len(p.st.rest) > 0 {
		add(p.drawn.Add(frameTime))
	}
	add(p.noteEnd)
	add(p.barEnd)
	add(p.strokes.until)
	if !p.deck.paused && p.barShown() {
		add(p.drawn.Add(100 * time.Millisecond)) // the bar's clock
	}
	return first
}

// tick does what is due.
func (p *player) tick(now time.Time) error {
	if p.away {
		if now.Before(p.lookAt) {
			return nil
		}
		return p.arrive(now)
	}
	if t := p.heldUntil(); !t.IsZero() && !now.Before(t) {
		if err := p.units(p.split.Flush(), now); err != nil {
			return err
		}
	}
	for _, t := range []*time.Time{&p.noteEnd, &p.barEnd, &p.strokes.until} {
		if !t.IsZero() && !now.Before(*t) {
			*t, p.dirty = time.Time{}, true
		}
	}
	cols, rows := p.s.Terminal().Size()
	if p.deck.advance(now) {
		p.dirty, p.match = true, nil
		if c, r := p.s.Terminal().Size(); c != cols || r != rows {
			p.askSize()
		}
	}
	return p.draw(now)
}

// heldUntil is when what the splitter holds back is taken for what it is.
func (p *player) heldUntil() time.Time {
	switch n := p.split.Pending(); {
	case n == 0:
		return time.Time{}
	case n <= 2:
		return p.heldAt.Add(escapeTime)
	}
	return p.heldAt.Add(sequenceTime)
}
