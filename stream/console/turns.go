package console

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/sluicerun/sluice/job"
)

// takeReady queues the inputs that grew. An input that is queued already, or
// that nobody wants to hear of, is asleep from here to its next turn: its flag
// stays up although it is off the list, so that its writer pays one load per
// call. All others may be put on the list again at once, and only now: an input
// that was put there twice would make the list a ring.
func (m *merger) takeReady() {
	var first *Input // the list is newest first
	for in := m.c.ready.Swap(nil); in != nil; {
		next := in.next
		in.next = first
		first, in = in, next
	}
	for in := first; in != nil; {
		next := in.next
		in.next = nil
		if !in.attached {
			m.attach(in)
		}
		if in.queued || m.dormant(in) {
			in.asleep = true
		} else {
			in.dirty.Store(false)
			m.activate(in)
		}
		in = next
	}
}

// dormant tells whether an input's growth is nothing to the console.
func (m *merger) dormant(in *Input) bool {
	return in.gone || in.hidden || in.lane == nil || in.lane.closed
}

func (m *merger) activate(in *Input) {
	if !in.queued && !in.gone {
		in.queued = true
		m.active = append(m.active, in)
	}
}

func (m *merger) attach(in *Input) {
	in.attached = true
	if in.fields.Host == "" {
		in.fields.Host = m.cfg.Host
	}
	if in.fields.Role == "" {
		in.fields.Role = m.cfg.Role
	}
	in.lane = m.laneOf(in)
	in.hidden = !m.shows(in)
	in.prefix = m.layout.prefix(&in.fields)
	t := m.ranks[in.fields.Rank]
	if t == nil {
		t = &tally{rank: in.fields.Rank}
		m.ranks[in.fields.Rank] = t
	}
	in.tally = t
	in.place = len(m.inputs)
	m.inputs = append(m.inputs, in)
	if m.finishing {
		in.done.Store(true)
	}
}

// detach forgets an input that has ended.
func (m *merger) detach(in *Input) {
	m.closeOpen(in)
	in.gone = true
	last := m.inputs[len(m.inputs)-1]
	m.inputs[in.place] = last
	last.place = in.place
	m.inputs[len(m.inputs)-1] = nil
	m.inputs = m.inputs[:len(m.inputs)-1]
	if c, ok := in.src.(io.Closer); ok {
		c.Close()
	}
}

func (m *merger) laneOf(in *Input) *lane {
	if in.fields.Stream == job.Stderr {
		return m.err
	}
	return m.out
}

func (m *merger) shows(in *Input) bool {
	return job.Console{Show: m.show, ShowLocal: m.cfg.Spec.ShowLocal}.Shows(in.fields.Rank, in.fields.LocalRank)
}

// round gives every queued input one turn and tells whether any moved.
func (m *merger) round() bool {
	if m.paused {
		return false
	}
	moved := false
	turns := m.active
	m.active = m.spareActive[:0]
	for _, in := range turns {
		in.queued = false
		if in.gone {
			continue
		}
		if m.turn(in) {
			moved = true
		}
	}
	clear(turns)
	m.spareActive = turns[:0]
	return moved
}

// turn looks at one input. It queues the input again where that is due: in
// active, with the lane's parked (no room) or waiting (locked).
func (m *merger) turn(in *Input) bool {
	l := in.lane
	if m.dormant(in) { // Done is posted, so that it comes through here
		if in.done.Load() {
			if !in.hidden && l != nil {
				in.tally.closed += max(0, in.src.Size()-in.pos)
			}
			m.detach(in)
		}
		return false
	}
	if l.fill.full() {
		m.park(in)
		return false
	}
	if in.asleep { // before Size is read: whoever comes later wakes us again
		in.asleep = false
		in.dirty.Store(false)
	}
	if m.pass {
		return m.passTurn(in)
	}
	return m.lineTurn(in)
}

func (m *merger) park(in *Input) {
	l := in.lane
	in.queued = true
	l.parked = append(l.parked, in)
	if l.fullSince.IsZero() {
		l.fullSince = time.Now()
		m.arm(l.fullSince.Add(slowAfter))
	}
}

func (m *merger) again(in *Input) {
	in.queued = true
	m.active = append(m.active, in)
}

// consume moves an input's position; what was appended to the lane shows it.
func (m *merger) consume(in *Input, to int64) {
	if to > in.pos {
		in.lane.fill.credit(in.tally, to-in.pos)
		in.pos = to
	}
}

// requeue moves inputs from a lane's list to the end of active.
func (m *merger) requeue(list *[]*Input) {
	for i, in := range *list {
		in.queued = false
		m.activate(in)
		(*list)[i] = nil
	}
	*list = (*list)[:0]
}

// byRank orders inputs for people.
func byRank(a, b *Input) int {
	return cmp.Or(cmp.Compare(a.fields.Rank, b.fields.Rank), cmp.Compare(a.fields.Stream, b.fields.Stream))
}

func sortByRank(list []*Input) { slices.SortStableFunc(list, byRank) }
