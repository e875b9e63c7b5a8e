package playback

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluicerun/sluice/vt"
)

// watch follows what matches on a screen from look to look.
type watch struct {
	r      *reel
	re     *regexp.Regexp
	pre    prefilter
	starts bool
	out    func(Match) bool

	stopped bool
	gen     uint64 // of the terminal at the latest look
	looked  bool
	alt     bool
	ended   time.Duration // when the state of the latest look ended
	lines   []line        // what was there then; none if nothing could match
	open    bool          // some of them have hits
	below   []line        // lines of the main screen, while the alternate one is shown
	spare   []line        // to be filled again
}

// line is a line as it was written. Lines of one screen keep their numbers from
// look to look as long as what scrolled off is not dropped.
type line struct {
	text string
	hits []*hit
	off  bool // the hits are over: it has scrolled off, and was looked at then
	new  bool // not looked at yet
}

type hit struct {
	Match
	at int // byte of the line
}

func newWatch(r *reel, re *regexp.Regexp, starts bool, out func(Match) bool) *watch {
	return &watch{r: r, re: re, pre: newPrefilter(re), starts: starts, out: out}
}

func (w *watch) yield(m Match) {
	if !w.stopped && !w.out(m) {
		w.stopped = true
	}
}

// look looks at the state that came about at now and ends at until; next are bytes
// that come then.
func (w *watch) look(now, until time.Duration, next []byte) {
	w.r.looked()
	if g := w.r.t.Generation(); w.looked && g == w.gen {
		w.ended = until
		return
	}
	all, off, cont := w.r.text()
	if alt := w.r.t.Modes().AltScreen; alt != w.alt {
		w.switched(alt)
	}
	if w.open || w.pre.may(all) {
		w.compare(all, off, now)
	} else {
		clear(w.lines)
		w.lines = w.lines[:0]
	}
	w.looked, w.ended = true, until
	must := len(all) > muchText
	if (off > 0 || cont) && (!cont || must) && w.r.drop(next, must) {
		w.lines = slices.Delete(w.lines, 0, min(off, len(w.lines)))
	}
	w.gen = w.r.t.Generation()
}

// compare finds what has come and what is gone since the latest look.
func (w *watch) compare(all string, off int, now time.Duration) {
	before := w.lines
	after := w.spare[:0]
	var gone, come []*hit
	for text := range strings.SplitSeq(strings.TrimSuffix(all, "\n"), "\n") {
		i := len(after)
		l := line{text: text}
		if i < len(before) && !before[i].new && before[i].text == text {
			l.hits, l.off = before[i].hits, before[i].off
		} else {
			old := []*hit(nil)
			if i < len(before) {
				old = before[i].hits
			}
			l.hits = w.find(text)
			l.hits, come, gone = pair(l.hits, old, come, gone)
		}
		after = append(after, l)
	}
	for i := len(after); i < len(before); i++ {
		gone = append(gone, before[i].hits...)
	}
	come = w.moved(after, come, gone)
	w.place(after, off, come, now)
	clear(before)
	w.lines, w.spare = after, before
	w.open = slices.ContainsFunc(after, func(l line) bool { return len(l.hits) > 0 })
}

// switched puts the lines of one screen away and takes those of the other.
func (w *watch) switched(alt bool) {
	for i := range w.lines {
		w.close(w.lines[i].hits)
		w.lines[i].hits, w.lines[i].new = nil, !w.lines[i].off
	}
	if alt {
		w.below, w.lines = w.lines, nil
	} else {
		w.below, w.lines = nil, w.below
	}
	w.alt, w.open = alt, false
}

// find looks for matches in one line.
func (w *watch) find(text string) []*hit {
	if text == "" || !w.pre.may(text) {
		return nil
	}
	var hits []*hit
	for _, m := range w.re.FindAllStringIndex(text, -1) {
		if m[0] < m[1] {
			hits = append(hits, &hit{Match{Text: text[m[0]:m[1]], Line: text}, m[0]})
		}
	}
	return hits
}

// pair puts hits of before in the place of those of now that are the same text in
// the same place; both are in the order of the line. It adds those that have no
// other to come and gone.
func pair(now, before, come, gone []*hit) (_, _, _ []*hit) {
	for i, h := range now {
		for len(before) > 0 && before[0].at < h.at {
			gone, before = append(gone, before[0]), before[1:]
		}
		if len(before) > 0 && before[0].at == h.at && before[0].Text == h.Text {
			now[i], before = before[0], before[1:]
		} else {
			come = append(come, h)
		}
	}
	return now, come, append(gone, before...)
}

// moved finds those of gone that stand on another line now, puts them there, and
// closes the others. It returns the rest of come.
func (w *watch) moved(after []line, come, gone []*hit) []*hit {
	if len(gone) == 0 {
		return come
	}
	type place struct {
		line string
		at   int
		text string
	}
	where := map[place][]*hit{}
	for _, g := range gone {
		p := place{g.Line, g.at, g.Text}
		where[p] = append(where[p], g)
	}
	swap, stays := map[*hit]*hit{}, map[*hit]bool{}
	rest := come[:0]
	for _, h := range come {
		p := place{h.Line, h.at, h.Text}
		if old := where[p]; len(old) > 0 {
			swap[h], stays[old[0]], where[p] = old[0], true, old[1:]
			continue
		}
		rest = append(rest, h)
	}
	if len(swap) > 0 {
		for i := range after {
			for j, h := range after[i].hits {
				if old := swap[h]; old != nil {
					after[i].hits[j] = old
				}
			}
		}
	}
	for _, g := range gone {
		if !stays[g] {
			w.close([]*hit{g})
		}
	}
	return rest
}

// place says of the hits that have come when and where they are, and closes those
// in the first off lines, which are not on the screen any more.
func (w *watch) place(after []line, off int, come []*hit, now time.Duration) {
	if off == 0 && len(come) == 0 {
		return
	}
	fresh := make(map[*hit]bool, len(come))
	for _, h := range come {
		fresh[h] = true
	}
	var shot *vt.Snapshot
	for i := range after {
		l := &after[i]
		if l.off || len(l.hits) == 0 {
			l.off = l.off || i < off
			continue
		}
		if i >= off {
			for _, h := range l.hits {
				if fresh[h] {
					h.From = now
					if shot == nil {
						shot = w.r.t.Snapshot(false)
					}
					h.Row, h.Col = locate(shot, i-off, h.at)
					if w.starts {
						w.yield(h.Match)
					}
				}
			}
			continue
		}
		l.off = true
		for _, h := range l.hits {
			if !fresh[h] {
				w.close([]*hit{h})
				continue
			}
			h.From, h.Until, h.Row, h.Col = w.ended, now, -1, h.at
			if w.starts {
				h.Until = 0
			}
			w.yield(h.Match)
		}
		l.hits = nil
	}
}

func (w *watch) close(hits []*hit) {
	for _, h := range hits {
		if !w.starts {
			h.Until = w.ended
			w.yield(h.Match)
		}
	}
}

// end closes what stands at the end of the recording.
func (w *watch) end(t time.Duration) {
	w.ended = t
	for _, l := range w.lines {
		w.close(l.hits)
	}
	w.lines = nil
}

// locate finds the cell of a byte of line n of the screen. In a line that began
// before the screen, it is counted from the screen's first cell.
func locate(s *vt.Snapshot, n, at int) (row, col int) {
	for ; n > 0 && row < s.Rows; row++ {
		if !s.Lines[row].Wrapped {
			n--
		}
	}
	for ; row < s.Rows; row++ {
		col := 0
		for _, c := range s.Lines[row].Cells {
			if c.Width == 0 {
				continue
			}
			if at <= 0 {
				return row, col
			}
			at -= max(len(c.Text), 1)
			col += int(c.Width)
		}
		if !s.Lines[row].Wrapped {
			return row, min(col, s.Cols-1)
		}
	}
	return s.Rows - 1, 0
}
