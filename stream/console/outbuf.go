package console

// outbuf is output on its way to a sink, with the bytes of the logs that each
// part of it stands for, so that what a sink did not take can be told by rank.
type outbuf struct {
	b    []byte
	segs []seg
}

// seg: b up to end (from the end of the one before) shows n bytes of a log.
type seg struct {
	t   *tally
	n   int64
	end int
}

func (o *outbuf) full() bool  { return len(o.b) >= bufMax || len(o.segs) >= segMax }
func (o *outbuf) empty() bool { return len(o.b) == 0 && len(o.segs) == 0 }

// credit says that what was last appended shows n bytes more of t's log.
func (o *outbuf) credit(t *tally, n int64) {
	if k := len(o.segs); k > 0 && o.segs[k-1].t == t {
		o.segs[k-1].n += n
		o.segs[k-1].end = len(o.b)
		return
	}
	o.segs = append(o.segs, seg{t, n, len(o.b)})
}

// settle books the segs: what lies within the first taken bytes as shown, the
// rest by lose. A part that was taken in half counts with the bytes that were not.
// It leaves b alone, which a stuck writer may still be reading.
func (o *outbuf) settle(taken int, lose func(*tally, int64)) {
	begin := 0
	for _, s := range o.segs {
		lost := int64(0)
		switch {
		case s.end > taken && begin >= taken:
			lost = s.n
		case s.end > taken:
			lost = min(s.n, int64(s.end-taken))
		}
		s.t.shown += s.n - lost
		if lost > 0 {
			lose(s.t, lost)
		}
		begin = s.end
	}
	clear(o.segs)
	o.segs = o.segs[:0]
}

func loseClosed(t *tally, n int64)  { t.closed += n }
func loseUnshown(t *tally, n int64) { t.unshown += n }
func loseNothing(*tally, int64)     {}
