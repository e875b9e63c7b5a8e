package nodes

import (
	"bufio"
	"context"
	"encoding/json"
	"sync"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
)

// lives knows how far a rank has come, and ends the reading of a log of which
// nothing more comes: the life after it has begun, or the run has ended.
type lives struct {
	rank, local int

	mu     sync.Mutex
	log    *stream.Follower // that is being read
	life   int              // whose
	latest int
	moved  bool // the place of the rank is another's now
	over   bool
}

// reads tells which log is being read.
func (l *lives) reads(f *stream.Follower, life int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log, l.life = f, life
	l.settle()
}

// settle finishes what is complete. mu is held.
func (l *lives) settle() {
	if l.log != nil && (l.over || l.moved || l.latest > l.life) {
		l.log.Finish()
	}
}

// end tells that nothing is written any more.
func (l *lives) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.settle()
}

// next is the life after that which was read to its end.
func (l *lives) next() (life int, ok, moved bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest, l.latest > l.life, l.moved
}

// hear takes an event of the run.
func (l *lives) hear(line []byte) {
	var e job.Event
	if json.Unmarshal(line, &e) != nil || e.Type != job.EventWorkerStarted || e.Rank == nil {
		return
	}
	local := *e.Rank
	if e.LocalRank != nil {
		local = *e.LocalRank
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case local != l.local:
		return
	case *e.Rank != l.rank:
		l.moved = true
	default:
		l.latest = max(l.latest, e.Attempt)
	}
	l.settle()
}

// listen hears the events of the run up to its end.
func (l *lives) listen(ctx context.Context, events *stream.Follower) {
	lines := bufio.NewReader(events.Reader(ctx))
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		l.hear(line)
	}
}
