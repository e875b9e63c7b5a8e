package web

import (
	"context"
	"io"

	"github.com/sluicerun/sluice/internal/web/alis"
)

// viewer is somebody who follows a hub. Its fields are guarded by the hub's lock.
type viewer struct {
	h     *hub
	last  bool // repeats the screen before the end; see next
	queue []*alis.Event
	size  int  // bytes of text in queue
	skip  bool // the queue was dropped, or never was: the screen comes next
	state viewerState
	woken chan struct{} // has one place; full when there is something to do
}

type viewerState uint8

const (
	following viewerState = iota
	shownLast             // the session has ended and the last screen was shown
	told                  // EOT was sent
)

// join adds a viewer. last is for players: they drop what they have not shown yet
// when they learn of the end.
func (h *hub) join(last bool) *viewer {
	v := &viewer{h: h, last: last, skip: true, woken: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.viewers[v] = struct{}{}
	return v
}

func (v *viewer) leave() {
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	delete(v.h.viewers, v)
}

// push is called under the lock.
func (v *viewer) push(e *alis.Event) {
	if v.skip {
		return // what it will be shown holds e already
	}
	v.queue = append(v.queue, e)
	if v.size += cost(e); v.size > v.h.behind {
		v.queue, v.size, v.skip = nil, 0, true
	}
	v.wake()
}

// cost is the memory that an event takes.
func cost(e *alis.Event) int { return len(e.Text) + 128 }

func (v *viewer) wake() {
	select {
	case v.woken <- struct{}{}:
	default:
	}
}

// next waits for what the viewer is to be sent next. The error is io.EOF after the
// EOT, or that of ctx.
func (v *viewer) next(ctx context.Context) (*alis.Event, error) {
	for {
		if e, err := v.take(); e != nil || err != nil {
			return e, err
		}
		select {
		case <-v.woken:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (v *viewer) take() (*alis.Event, error) {
	h := v.h
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case v.skip:
		v.skip = false
		if h.exit != nil {
			v.queue, v.size = append(v.queue, h.exit), cost(h.exit)
		}
		if h.ended {
			v.state = shownLast
		}
		return h.screen(), nil
	case len(v.queue) > 0:
		e := v.queue[0]
		v.queue = v.queue[1:]
		v.size -= cost(e)
		return e, nil
	case !h.ended:
		return nil, nil
	case v.state == following && v.last:
		v.state = shownLast
		return h.screen(), nil
	case v.state != told:
		v.state = told
		return &alis.Event{Kind: alis.EOT}, nil
	}
	return nil, io.EOF
}
