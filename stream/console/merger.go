package console

import (
	"hash/maphash"
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
	failed    error // of the first sink that failed
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
