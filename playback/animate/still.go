package animate

import (
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// Still draws the screen as it is at a time of the recording's clock: everything
// that happened up to it. draw is what writes it: [render.SVG], [render.PNG] or
// [render.HTML]. Of o, Draw and Title count.
func Still(w io.Writer, h cast.Header, events cast.Events, at time.Duration,
	draw func(io.Writer, *vt.Snapshot, render.Options) error, o Options) error {
	o = Options{From: at, Until: at, Title: o.Title, Draw: o.Draw}
	if err := o.fill(h, events, w != nil && draw != nil); err != nil {
		return fmt.Errorf("drawing the screen at %v: %w", at, err)
	}
	if at == 0 {
		events = until(events, 0)
	}
	r, err := load(h, events, o)
	if err != nil {
		return fmt.Errorf("drawing the screen at %v: %w", at, err)
	}
	for f := range r.frames() {
		if o.Title != "" {
			f.screen.Title = o.Title
		}
		return draw(w, f.screen, o.Draw)
	}
	return nil
}

// until ends events after a time, for which Options.Until has no 0.
func until(events cast.Events, end time.Duration) cast.Events {
	return func(yield func(cast.Event, error) bool) {
		for e, err := range events {
			if err == nil && e.Time > end || !yield(e, err) {
				return
			}
		}
	}
}
