package play

import (
	"context"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// maxFound bounds the matches of one search that are kept.
const maxFound = 100_000

// finder searches a recording from its begin to its end, in the background.
type finder struct {
	text    string
	cancel  context.CancelFunc
	over    chan struct{}
	news    chan<- struct{} // somebody is told of more
	reached atomic.Int64    // recording time

	mu    sync.Mutex
	found []playback.Match
	done  bool
	err   error
}

func startFinder(o Options, text string, re *regexp.Regexp, news chan<- struct{}) *finder {
	ctx, cancel := context.WithCancel(context.Background())
	f := &finder{text: text, cancel: cancel, over: make(chan struct{}), news: news}
	go func() {
		defer close(f.over)
		err := f.run(ctx, o, re)
		f.mu.Lock()
		f.done, f.err = true, err
		f.mu.Unlock()
		f.tell()
	}()
	return f
}

func (f *finder) tell() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *finder) run(ctx context.Context, o Options, re *regexp.Regexp) error {
	src, err := o.Open()
	if err != nil {
		return err
	}
	defer closeSource(src)
	for m, err := range playback.Search(&watched{Source: src, ctx: ctx, at: &f.reached}, re, playback.SearchOptions{Starts: true}) {
		if err != nil {
			return err
		}
		if m.From < o.From {
			m.From = o.From // it stood there already
		}
		if m.From > o.Until {
			return nil
		}
		f.mu.Lock()
		f.found = append(f.found, m)
		full := len(f.found) == maxFound
		f.mu.Unlock()
		if full {
			return nil
		}
		f.tell()
	}
	return nil
}

// watched is a source that ends with ctx, and tells where it is.
type watched struct {
	playback.Source
	ctx context.Context
	at  *atomic.Int64
}

func (w *watched) Next() (cast.Event, error) {
	if err := w.ctx.Err(); err != nil {
		return cast.Event{}, err
	}
	e, err := w.Source.Next()
	w.at.Store(int64(e.Time))
	return e, err
}

// stop ends the search and waits for it. It may be called on nil.
func (f *finder) stop() {
	if f != nil {
		f.cancel()
		<-f.over
	}
}

// after is the first match that begins after t; wait says that there may be one,
// but the search has not come so far. Where there is none it is the first of all.
func (f *finder) after(t time.Duration) (m playback.Match, ok, wait bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.found {
		if m.From > t {
			return m, true, false
		}
	}
	if f.done && len(f.found) > 0 {
		return f.found[0], true, false
	}
	return playback.Match{}, false, !f.done
}

// before is the last match that begins before t, and that of all where there is
// none.
func (f *finder) before(t time.Duration) (m playback.Match, ok, wait bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.done && time.Duration(f.reached.Load()) < t {
		return m, false, true
	}
	for i := len(f.found) - 1; i >= 0; i-- {
		if f.found[i].From < t {
			return f.found[i], true, false
		}
	}
	if f.done && len(f.found) > 0 {
		return f.found[len(f.found)-1], true, false
	}
	return m, false, !f.done
}
