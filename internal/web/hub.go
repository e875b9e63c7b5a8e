package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
	"github.com/sluicerun/sluice/vt"
)

const (
	// scrollback is how many lines above the screen a late viewer gets: players
	// show none, but a terminal that grows takes lines back from there.
	scrollback = 200
	// maxText is the most text in one message, so that a viewer on a slow line
	// is never busy with one for long.
	maxText = 64 << 10
)

// hub hands the events of one session to its viewers. Nobody waits in it but
// viewers for events.
type hub struct {
	input  bool // viewers get what is typed
	behind int  // bytes that may wait for a viewer before it is skipped forward

	mu      sync.Mutex
	term    *vt.Terminal
	theme   *alis.Theme
	out, in cast.Decoder
	id      uint64        // of the latest event
	now     time.Duration // its time
	at      time.Time     // when it came
	exit    *alis.Event
	ended   bool
	viewers map[*viewer]struct{}
}

func newHub(h cast.Header, input bool) *hub {
	cols, rows := h.Size()
	return &hub{
		input:   input,
		behind:  1 << 20,
		term:    vt.New(cols, rows, vt.Options{Scrollback: 1 << 20}),
		theme:   themeOf(h),
		at:      time.Now(),
		viewers: map[*viewer]struct{}{},
	}
}

// run feeds the hub until the session ends or cannot be followed any more: then the
// viewers come to an end, too. When ctx is done they do not: the session goes on.
// The error is nil for a session that ended by itself.
func (h *hub) run(ctx context.Context, l Live) error {
	for {
		e, err := l.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			h.end()
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			h.end()
			return fmt.Errorf("following the session: %w", err)
		}
		h.feed(e)
	}
}

func (h *hub) feed(e cast.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.at = max(e.Time, h.now), time.Now()
	switch e.Code {
	case cast.Output:
		h.output(h.out.Text(e.Data))
	case cast.Input:
		if h.input {
			h.send(alis.Event{Kind: alis.Input}, h.in.Text(e.Data))
		}
	case cast.Resize:
		if e.Cols <= 0 || e.Rows <= 0 {
			return // a terminal that nobody has measured
		}
		h.term.Resize(e.Cols, e.Rows)
		cols, rows := h.term.Size()
		h.publish(alis.Event{Kind: alis.Resize, Cols: cols, Rows: rows})
	case cast.Marker:
		h.publish(alis.Event{Kind: alis.Marker, Text: pieces(valid(e.Data), maxText)[0]})
	case cast.Exit:
		h.output(h.out.Flush())
		h.exit = h.publish(alis.Event{Kind: alis.Exit, Status: e.Status})
	}
}

func (h *hub) output(text string) {
	h.term.Write([]byte(text))
	h.send(alis.Event{Kind: alis.Output}, text)
}

// send publishes text as events of e's kind.
func (h *hub) send(e alis.Event, text string) {
	if text == "" {
		return
	}
	for _, p := range pieces(text, maxText) {
		e.Text = p
		h.publish(e)
	}
}

func (h *hub) publish(e alis.Event) *alis.Event {
	h.id++
	e.ID, e.Time = h.id, h.now
	for v := range h.viewers {
		v.push(&e)
	}
	return &e
}

func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.output(h.out.Flush())
	h.ended = true
	for v := range h.viewers {
		v.wake()
	}
}

// screen is an event that shows all there is to see now.
func (h *hub) screen() *alis.Event {
	cols, rows := h.term.Size()
	now := h.now
	if !h.ended {
		// A player takes this as the time at which it got it. Counted from the latest
		// event it would wait again as long as everybody has waited since then.
		now += time.Since(h.at)
	}
	return &alis.Event{
		Kind: alis.Init, ID: h.id, Time: now, Cols: cols, Rows: rows, Theme: h.theme,
		Text: strings.ToValidUTF8(string(h.term.DumpTail(scrollback)), string('\uFFFD')),
	}
}

func (h *hub) snapshot(withScrollback bool) *vt.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.term.Snapshot(withScrollback)
}
