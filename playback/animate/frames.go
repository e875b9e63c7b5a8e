package animate

import (
	"iter"
	"slices"
	"time"

	"github.com/sluicerun/sluice/vt"
)

// maxSync is how long a program may keep a screen from being shown while it puts
// it together (mode 2026); terminals have such limits too.
const maxSync = time.Second

// frame is a screen that is not as the one before.
type frame struct {
	at     time.Duration
	screen *vt.Snapshot
	rows   []int // that may look different
}

// frames returns the screens, the first of them at 0. Time is cut into steps: a
// frame holds everything up to the end of its step, so that what a program writes
// in several pieces is seldom seen half done.
func (r *reel) frames() iter.Seq[frame] {
	return func(yield func(frame) bool) {
		t := r.colors.terminal(r.startCols, r.startRows)
		var old *vt.Snapshot
		var since uint64
		held := time.Duration(-1) // since when the program asks to wait
		for i, at := 0, time.Duration(0); ; at = r.step(r.events[i].at) {
			for ; i < len(r.events) && r.events[i].at <= at; i++ {
				if e := &r.events[i]; e.cols > 0 {
					t.Resize(e.cols, e.rows)
				} else {
					_, _ = t.Write(e.data) // which never fails
				}
			}
			more := i < len(r.events)
			switch {
			case !t.Modes().Sync:
				held = -1
			case held < 0:
				held = at
			}
			if wait := held >= 0 && at-held < maxSync && more && old != nil; !wait && (old == nil || t.Generation() != since) {
				s := t.Snapshot(false)
				r.colors.apply(s)
				if !yield(frame{at, s, changedRows(t, since, old, s)}) {
					return
				}
				old, since = s, t.Generation()
			}
			if !more {
				return
			}
		}
	}
}

// step is the end of the step in which a time lies. Seconds and their rest are
// apart, so that nothing can overflow.
func (r *reel) step(at time.Duration) time.Duration {
	fps := time.Duration(r.fps)
	n := (at%time.Second*fps + time.Second - 1) / time.Second
	return at - at%time.Second + n*time.Second/fps + min(n*time.Second%fps, 1)
}

// changedRows returns the rows of s that may look different than in old, which is
// nil before the first.
func changedRows(t *vt.Terminal, since uint64, old, s *vt.Snapshot) []int {
	if old == nil || old.Cols != s.Cols || old.Rows != s.Rows || old.Palette != s.Palette ||
		old.Modes.ReverseVideo != s.Modes.ReverseVideo {
		n := s.Rows
		if old != nil {
			n = max(n, old.Rows)
		}
		rows := make([]int, n)
		for y := range rows {
			rows[y] = y
		}
		return rows
	}
	rows := t.Dirty(since)
	for _, c := range []vt.Cursor{old.Cursor, s.Cursor} {
		if !slices.Contains(rows, c.Y) {
			rows = append(rows, c.Y)
		}
	}
	return rows
}
