package stream

import (
	"time"

	"github.com/sluicerun/sluice/job"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = time.Second
	// steadyAfter is how much must get through, if the pipe does not run empty
	// before, until a full disk counts as over: where a few blocks come free
	// now and then, it is still full.
	steadyAfter = 1 << 20
)

// fullState is what a pump knows about a file that cannot be written. It belongs
// to the pump's goroutine.
type fullState struct {
	on      bool  // log_full was told
	lost    int64 // dropped since
	through int64 // written since the last error
	pause   time.Duration
	retry   time.Time // when writing is tried again
}

// met is an attempt that failed.
func (f *fullState) met(p *Pump, err error) {
	f.through = 0
	f.pause = min(max(2*f.pause, firstRetry), lastRetry)
	f.retry = time.Now().Add(f.pause)
	if f.on {
		return
	}
	f.on = true
	does := "the worker waits until it can"
	switch p.l.opt.OnFull {
	case job.FullDrop:
		does = "output is dropped until it can"
	case job.FullStop:
		does = "output is dropped and the gang is to stop"
	}
	p.l.event(job.EventLogFull, 0, p.l.Size(), "log %s cannot be written: %v; %s", p.l.path(), err, does)
}

// dropping tells whether bytes go away without an attempt to write them.
func (f *fullState) dropping(now time.Time) bool {
	return f.on && f.lost > 0 && now.Before(f.retry)
}

// wait waits until the next attempt is due, or stop is closed.
func (f *fullState) wait(stop <-chan struct{}) {
	t := time.NewTimer(time.Until(f.retry))
	defer t.Stop()
	select {
	case <-t.C:
	case <-stop:
	}
}

func (f *fullState) wrote(p *Pump, n int64) {
	if !f.on {
		return
	}
	if f.through += n; f.through >= steadyAfter {
		f.over(p)
	}
}

// settled is that the pipe ran empty.
func (f *fullState) settled(p *Pump) {
	if f.on && f.through > 0 {
		f.over(p)
	}
}

func (f *fullState) dropped(p *Pump, n int64) {
	f.lost += n
	p.l.dropped.Add(n)
}

func (f *fullState) over(p *Pump) {
	f.end(p)
	p.l.event(job.EventLogResumed, 0, p.l.Size(), "log %s can be written again", p.l.path())
	*f = fullState{}
}

// end tells of what was dropped.
func (f *fullState) end(p *Pump) {
	if f.lost > 0 {
		p.l.event(job.EventLogDropped, f.lost, p.l.Size(),
			"log %s: %d bytes were dropped before offset %d, because it could not be written", p.l.path(), f.lost, p.l.Size())
	}
	f.lost = 0
}
