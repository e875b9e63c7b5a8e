package console

import (
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/job"
)

// Input is one log in a console.
type Input struct {
	c      *Console
	src    Source
	fields job.Fields

	dirty atomic.Bool // on the ready list, about to be, or asleep
	done  atomic.Bool
	next  *Input // on the ready list; belongs to whoever set dirty

	// Everything below belongs to the merger.

	attached  bool // known to the merger
	gone      bool // ended, or taken out
	hidden    bool // not in the set of shown ranks
	queued    bool // in merger.active, lane.parked or lane.waiting
	asleep    bool // dirty and not on the ready list, until its turn
	place     int  // index in merger.inputs
	openPlace int  // index in merger.open, plus 1
	barred    bool // in liveArea.bars
	lane      *lane
	tally     *tally
	prefix    []byte // unless it holds the time

	pos  int64 // everything before is consumed
	scan int64 // [pos, scan) has no newline
	bar  barTracker

	// mid: the line before pos stands unfinished on the screen, and this input
	// holds the lane's lock. cont: it stood there and was broken, or began
	// before the console looked; what follows gets the continuation mark.
	mid, cont bool
	eatNL     bool // a \r ended a line on the screen; if \n follows it was a CRLF
	copy      copying
	esc       escFilter

	due       bool      // the unfinished line is to be shown as it is
	openSince time.Time // when the unfinished line began
	grewAt    time.Time // when it last grew
	stateAt   time.Time // when a state of a bar was last shown
	stateOff  int64     // scan at that time

	lastSeq uint64 // the last dedup entry this input is part of
	failed  bool   // a read error was told
}

// copying is part of a line being copied out of the log, over several turns and
// under a hard lock: bytes [Input.pos, to), after which everything up to next
// is consumed. open: the line is not ended then.
type copying struct {
	on, open bool
	to, next int64
}

// Grew tells the console that the log has grown. It never blocks.
func (in *Input) Grew() {
	// Most calls of a busy worker find the flag up: the merger has not come
	// round yet, and reads Size only after it took the flag down.
	if in.dirty.Load() || in.dirty.Swap(true) {
		return
	}
	c := in.c
	for {
		head := c.ready.Load()
		in.next = head
		if c.ready.CompareAndSwap(head, in) {
			break
		}
	}
	c.poke()
}

// Done tells that no more bytes will come. What is there is still shown.
func (in *Input) Done() {
	in.done.Store(true)
	// Not by Grew: that says nothing while the input is asleep.
	in.c.post(func() {
		if !in.attached {
			in.c.m.attach(in)
		}
		in.c.m.activate(in)
	})
}
