package watchdog

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// maxTimers bounds what clients that never release can make us keep.
const maxTimers = 1 << 16

// timers are the pending ones, with one goroutine that waits for the first of
// them. Requests never wait for what is done about an expired timer.
type timers struct {
	known  func(pid int) bool
	expire func(Expired)
	// settle puts all that clients have written so far: who released in time
	// must not pay for our having slept.
	settle func()

	mu      sync.Mutex
	pending map[key]timer
	waking  time.Time // when the goroutine wakes; zero: not by itself
	stats   Stats

	wake chan struct{} // holds one
	quit chan struct{}
	done chan struct{}
}

type timer struct {
	Expired
	// due is on the monotonic clock: a worker gets the time it asked for,
	// though somebody sets the wall clock meanwhile.
	due time.Time
}

func newTimers(o Options, settle func()) *timers {
	t := &timers{known: o.Known, expire: o.OnExpire, settle: settle, pending: map[key]timer{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	if t.known == nil {
		t.known = func(int) bool { return true }
	}
	if t.expire == nil {
		t.expire = func(Expired) {}
	}
	go t.run()
	return t
}

func (t *timers) stop() {
	close(t.quit)
	<-t.done
}

// put does what a request says.
func (t *timers) put(r request) {
	known := t.known(r.pid)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Requests++
	_, have := t.pending[r.key]
	switch {
	case !known:
		t.stats.Unknown++
	case r.release:
		// The goroutine wakes in vain, once, instead of at every release.
		delete(t.pending, r.key)
	case !have && len(t.pending) >= maxTimers:
		t.skipLocked("more timers than can be kept")
	default:
		now := time.Now()
		due := now.Add(r.expires.Sub(now))
		t.pending[r.key] = timer{Expired{PID: r.pid, Scope: r.scope, Signal: r.signal, At: r.expires}, due}
		if t.waking.IsZero() || due.Before(t.waking) {
			t.waking = due
			select {
			case t.wake <- struct{}{}:
			default:
			}
		}
	}
}

// skip counts a line that is none.
func (t *timers) skip(why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipLocked(why)
}

func (t *timers) skipLocked(why string) {
	t.stats.Skipped++
	t.stats.LastSkipped = why
}

// forget drops the timers of a process.
func (t *timers) forget(pid int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.pending {
		if k.pid == pid {
			delete(t.pending, k)
		}
	}
}

func (t *timers) statsNow() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Pending = len(t.pending)
	return s
}

func (t *timers) run() {
	defer close(t.done)
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case <-t.quit:
			return
		case <-alarm.C:
		case <-t.wake:
		}
		if next := t.first(); !next.IsZero() && time.Until(next) <= 0 {
			t.settle()
			for _, e := range t.takeDue() {
				t.expire(e)
			}
		}
		if next := t.first(); next.IsZero() {
			alarm.Stop()
		} else {
			alarm.Reset(time.Until(next))
		}
	}
}

// first is when the next timer is due, and when the goroutine will wake; zero
// for none.
func (t *timers) first() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waking = time.Time{}
	for _, p := range t.pending {
		if t.waking.IsZero() || p.due.Before(t.waking) {
			t.waking = p.due
		}
	}
	return t.waking
}

// takeDue takes those out that have expired, the first one first. Those of
// processes that have ended since they asked are dropped.
func (t *timers) takeDue() []Expired {
	var due []timer
	t.mu.Lock()
	now := time.Now()
	for k, p := range t.pending {
		if !p.due.After(now) {
			delete(t.pending, k)
			due = append(due, p)
		}
	}
	t.mu.Unlock()
	slices.SortFunc(due, func(a, b timer) int { return cmp.Or(a.At.Compare(b.At), a.PID-b.PID) })
	var expired []Expired
	unknown := 0
	for _, p := range due {
		if t.known(p.PID) {
			expired = append(expired, p.Expired)
		} else {
			unknown++
		}
	}
	t.mu.Lock()
	t.stats.Expired += len(expired)
	t.stats.Unknown += unknown
	t.mu.Unlock()
	return expired
}
