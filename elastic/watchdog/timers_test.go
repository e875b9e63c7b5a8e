package watchdog

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// log is what expired, and when after the start.
type log struct {
	start time.Time
	lines []string
}

func (l *log) expire(e Expired) {
	l.lines = append(l.lines, fmt.Sprintf("%v %d %s %d %v", time.Since(l.start), e.PID, e.Scope, e.Signal, e.At.Sub(l.start.Round(0))))
}

func acquire(pid int, scope string, in time.Duration) request {
	// Without its monotonic part, as it comes from a line.
	return request{key: key{pid, scope}, expires: time.Now().Add(in).Round(0), signal: syscall.SIGKILL}
}

func release(pid int, scope string) request { return request{key: key{pid, scope}, release: true} }

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := log{start: time.Now()}
		known := map[int]bool{1: true, 2: true, 3: true, 4: true}
		ts := newTimers(Options{OnExpire: l.expire, Known: func(pid int) bool { return known[pid] }}, func() {})
		ts.put(acquire(1, "late", time.Hour))
		ts.put(acquire(1, "early", time.Minute)) // wakes earlier than was planned
		ts.put(acquire(2, "done", 30*time.Second))
		ts.put(acquire(2, "longer", time.Second))
		ts.put(acquire(2, "longer", 2*time.Minute)) // replaces
		ts.put(acquire(3, "ended", 3*time.Minute))
		ts.put(acquire(4, "forgotten", 3*time.Minute))
		ts.put(acquire(9, "stranger", time.Second))
		ts.put(release(2, "done"))
		ts.put(release(2, "never acquired"))
		ts.forget(4)
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		known[3] = false
		ts.put(acquire(1, "overdue", -time.Second)) // at once
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		want := []string{
			"1m0s 1 early 9 1m0s",
			"2m0s 2 longer 9 2m0s",
			"2m1s 1 overdue 9 2m0s",
			"1h0m0s 1 late 9 1h0m0s",
		}
		if !slices.Equal(l.lines, want) {
			t.Errorf("%q\nwant %q", l.lines, want)
		}
		if got, want := ts.statsNow(), (Stats{Requests: 11, Unknown: 2, Expired: 4}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		ts.stop()
	})
}

// Several at once come in the order of their times.
func TestExpiredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := log{start: time.Now()}
		hold := make(chan struct{})
		ts := newTimers(Options{OnExpire: func(e Expired) { l.expire(e); <-hold }}, func() {})
		ts.put(acquire(1, "first", time.Second))
		time.Sleep(2 * time.Second) // in OnExpire now
		ts.put(acquire(3, "third", 20*time.Second))
		ts.put(acquire(2, "second", 10*time.Second))
		ts.put(acquire(4, "released", 15*time.Second))
		time.Sleep(time.Minute)
		ts.put(release(4, "released")) // late, but nobody was told yet
		close(hold)
		synctest.Wait()
		if want := []string{"1s 1 first 9 1s", "1m2s 2 second 9 12s", "1m2s 3 third 9 22s"}; !slices.Equal(l.lines, want) {
			t.Errorf("%q\nwant %q", l.lines, want)
		}
		ts.stop()
	})
}

// We may have been stopped while a worker released in time: what lies in the
// FIFO is read before anybody is blamed.
func TestReadsBeforeBlaming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := log{start: time.Now()}
		var ts *timers
		ts = newTimers(Options{OnExpire: l.expire}, func() { ts.put(release(1, "in time")) })
		ts.put(acquire(1, "in time", time.Second))
		ts.put(acquire(1, "not in time", time.Second))
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"1s 1 not in time 9 1s"}; !slices.Equal(l.lines, want) {
			t.Errorf("%q\nwant %q", l.lines, want)
		}
		ts.stop()
	})
}

// A client that never releases is bounded, and counted.
func TestTooManyTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts := newTimers(Options{}, func() {})
		for i := range maxTimers + 2 {
			ts.put(acquire(i+1, "s", time.Hour))
		}
		ts.put(acquire(1, "s", 2*time.Hour)) // one that is there may change
		want := Stats{Requests: maxTimers + 3, Skipped: 2, Pending: maxTimers, LastSkipped: "more timers than can be kept"}
		if got := ts.statsNow(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		ts.stop()
	})
}
