package play

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/vt"
)

// plain plays to what is no terminal.
func plain(ctx context.Context, src playback.Source, w io.Writer, o Options) (Result, error) {
	s := playback.NewScreen(src, o.Index)
	var filter playback.Filter
	for {
		if _, err := s.At(o.From - 1); err != nil {
			return Result{}, err
		}
		if s.Time() > 0 {
			// What would be on the screen by now.
			if err := write(w, filter.Harmless(nil, s.Terminal().Redraw(vt.RedrawOptions{}))); err != nil {
				return Result{}, err
			}
		}
		steps, err := playOnce(ctx, s, w, &filter, o)
		r := Result{At: s.Time()}
		if err != nil || !o.Loop || steps == 0 {
			return r, err
		}
	}
}

// playOnce plays from where s stands to the end, and returns how many events it
// has played.
func playOnce(ctx context.Context, s *playback.Screen, w io.Writer, filter *playback.Filter, o Options) (int, error) {
	line := playback.NewTimeline(o.IdleLimit, min(o.Speed, math.MaxFloat64))
	line.Add(o.From)
	began := time.Now().Add(-line.Play(o.From))
	var buf []byte
	for n := 0; ; n++ {
		e, err := s.Peek()
		if errors.Is(err, io.EOF) || err == nil && e.Time > o.Until {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		line.Add(e.Time)
		if err := sleep(ctx, time.Until(began.Add(line.Play(e.Time)))); err != nil {
			return n, err
		}
		if e.Code == cast.Output {
			buf = filter.Harmless(buf[:0], e.Data)
			if err := write(w, buf); err != nil {
				return n, err
			}
		}
		if _, err := s.Step(); err != nil {
			return n, err
		}
	}
}

func write(w io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if _, err := w.Write(p); err != nil {
		return fmt.Errorf("writing what is played: %w", err)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
