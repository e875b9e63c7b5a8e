package console

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"github.com/sluicerun/sluice/job"
)

// merger is the state of the console's one goroutine.
type merger struct {
	c   *Console
	cfg Config

	workers int
	pass    bool // one worker, nothing to be added: bytes go through as they are
	raw     bool // \r is a byte like others, and nothing is filtered
	show    job.RankSet
	layout  layout

	out, err *lane
	lanes    []*lane // out and err, each once

	inputs []*Input // attached and not ended
	ranks  map[int]*tally

	active, spareActive []*Input // have something to do, in turn
	open                []*Input // have an unfinished line that is not on the screen

	timer  *time.Timer
	due    time.Time // when timer fires; zero: it does not
	timeUp bool      // it has fired

	paused    bool
	quiet     chan struct{} // to be closed when the writers have come to rest
	finishing bool
	quit      bool

	rbuf       []byte // the read buffer, turnMax
	row        []byte // scratch: the state of a bar,
	scratch    []byte // a row of the live area,
	pfx        []byte // a prefix with the time,
	groupRanks []int  // the ranks of one dedup entry
	seed       maphash.Seed
}

func newMerger(c *Console, cfg Config) *merger {
	m := &merger{
		c: c, cfg: cfg,
		workers: max(cfg.Workers, 1),
		raw:     cfg.Progress == ProgressRaw,
		show:    cfg.Spec.Show,
		ranks:   map[int]*tally{},
		rbuf:    make([]byte, turnMax),
	}
	m.pass = m.workers == 1 && cfg.Spec.Prefix == nil && !cfg.Spec.Timestamps && !cfg.Spec.Dedup
	m.layout = newLayout(cfg, m.workers)
	if cfg.Spec.Dedup {
		m.seed = maphash.MakeSeed()
	}
	m.timer = time.NewTimer(time.Hour)
	m.timer.Stop()
	m.makeLanes(cfg.Out, cfg.Err, cfg.TTY, cfg.ErrTTY)
	return m
}

func (m *merger) makeLanes(out, err Sink, tty, errTTY bool) {
	m.out, m.err, m.lanes = nil, nil, nil
	if sameSink(out, err) {
		l := newLane(m.c, "output", out, tty)
		m.out, m.err, m.lanes = l, l, []*lane{l}
	} else {
		if out != nil {
			m.out = newLane(m.c, "stdout", out, tty)
			m.lanes = append(m.lanes, m.out)
		}
		if err != nil {
			m.err = newLane(m.c, "stderr", err, errTTY)
			m.lanes = append(m.lanes, m.err)
		}
	}
	for _, l := range m.lanes {
		l.dedup.on = m.cfg.Spec.Dedup && m.workers > 1
		l.live.on = l.tty && m.workers > 1 && !m.pass &&
			(m.cfg.Progress == "" || m.cfg.Progress == ProgressAuto || m.cfg.Progress == ProgressLive)
	}
}

// run is the console's goroutine. Each time round it does a bounded amount of
// everything that can be done and sleeps only when nothing was.
func (m *merger) run() {
	defer close(m.c.stopped)
	defer m.timer.Stop()
	for {
		m.commands()
		if m.quit {
			return
		}
		m.takeReady()
		m.collect()
		m.clock()
		moved := m.round()
		moved = m.dedups() || moved
		m.emitNotes()
		m.flush()
		if m.quiet != nil && m.atRest() {
			close(m.quiet)
			m.quiet = nil
		}
		if moved {
			continue
		}
		if m.finishing && m.allShown() {
			m.end()
			return
		}
		select {
		case <-m.c.wake:
		case <-m.timer.C:
			m.fired()
		}
	}
}

// commands runs what other goroutines posted.
func (m *merger) commands() {
	m.c.mu.Lock()
	cmds := m.c.cmds
	m.c.cmds = nil
	m.c.mu.Unlock()
	for _, f := range cmds {
		if m.quit {
			return // call waits for the merger's end as well
		}
		f()
	}
}

// takeReady queues the inputs that grew. Their flags stay up until their turn,
// so that an input that has to wait costs its writer one load per call.
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
		m.activate(in)
		in = next
	}
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
}

func (m *merger) laneOf(in *Input) *lane {
	if in.fields.Stream == job.Stderr {
		return m.err
	}
	return m.out
}

func (m *merger) shows(in *Input) bool {
	return m.show.IsZero() || m.show.Contains(in.fields.Rank)
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
	if in.hidden || l == nil || l.closed {
		// The flag stays up: nobody wants to hear of growth here. Done is posted.
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
	in.dirty.Store(false) // before Size is read: what comes later sets it again
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

// flush hands what there is to the writers that are idle.
func (m *merger) flush() {
	for _, l := range m.lanes {
		if l.closed {
			continue
		}
		m.drawLive(l)
		l.handOver()
	}
}

// collect takes the writers' results.
func (m *merger) collect() {
	for _, l := range m.lanes {
		if !l.busy() {
			continue
		}
		select {
		case r := <-l.result:
			m.written(l, r)
		default:
		}
	}
}

func (m *merger) written(l *lane, r writeResult) {
	o := l.flying
	l.flying, l.spare = nil, o
	defer func() { o.b = o.b[:0] }()
	if r.err == nil {
		o.settle(len(o.b), loseNothing)
		l.fullSince = time.Time{}
		if l.slowTold {
			l.slowTold = false
			m.event(l.name + " takes output again")
		}
		m.requeue(&l.parked)
		return
	}
	o.settle(r.n, loseClosed)
	m.closeLane(l, r.err)
}

func (m *merger) atRest() bool {
	for _, l := range m.lanes {
		if !l.closed && !l.idle() {
			return false
		}
	}
	return true
}

func (m *merger) event(detail string) {
	if m.cfg.OnEvent != nil {
		m.cfg.OnEvent(job.Event{Time: time.Now(), Type: job.EventConsole, Detail: detail})
	}
}

// byRank orders inputs for people.
func byRank(a, b *Input) int {
	return cmp.Or(cmp.Compare(a.fields.Rank, b.fields.Rank), cmp.Compare(a.fields.Stream, b.fields.Stream))
}

func sortByRank(list []*Input) { slices.SortStableFunc(list, byRank) }
