package launch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/report"
)

// World places the gang of each attempt among those of other nodes. Its methods
// are called off the loop and may wait; their context ends when the run is to
// end. Without a World the gang is alone.
type World interface {
	// Join returns the gang's place in the next attempt.
	Join(ctx context.Context) (Place, error)
	// Changes tells, at most once after each Join, that the gang is to be left.
	Changes() <-chan Change
	// Again tells the others that this gang failed and that all shall meet
	// again in the next attempt.
	Again(ctx context.Context, why string) error
	// Fail tells the others that this gang failed for good by o, with why in a
	// few words: neither the rank nor the host is in them. If another node
	// had failed before, that comes back as *Elsewhere.
	Fail(ctx context.Context, o job.Outcome, why string) error
	// Done waits until the gangs of all nodes have succeeded. One that has
	// failed comes back as *Elsewhere, with Again if all shall meet again.
	Done(ctx context.Context) error
	// Close ends the membership. It comes last, when no other method runs.
	Close() error
}

// Place is where a gang stands in one attempt.
type Place struct {
	// Base is the rank of the gang's first worker, Size the number of workers
	// of all gangs.
	Base, Size int
	// Group is the gang's own rank among Groups.
	Group, Groups int
	// RoleBase and RoleSize are Base and Size among workers of the same role.
	RoleBase, RoleSize int
	// MasterAddr and MasterPort are where the workers meet; AgentStore tells
	// that a TCPStore answers there already.
	MasterAddr, MasterPort string
	AgentStore             bool
	// Restarts is how often the gangs have started again because of failures.
	Restarts int
}

// Change is why a gang is to be left.
type Change struct {
	// Again: meet again, in the next attempt. Otherwise it is the end.
	Again bool
	// Why is one sentence for people, with the node's name.
	Why string
}

// Elsewhere is a failure on another node.
type Elsewhere struct {
	Why   string
	Again bool
}

func (e *Elsewhere) Error() string { return e.Why }

const (
	// joinAtOnce is how long Start waits for a place: a world of one node has
	// it at once, and who detaches then learns what could not be started.
	joinAtOnce = 200 * time.Millisecond
	// tellWorld bounds how long a failed gang waits to have told the others.
	tellWorld = 5 * time.Second
)

// joined is the answer of Join.
type joined struct {
	place Place
	err   error
}

// alone is the place of a gang without others.
func (h *Handle) alone() Place {
	addr, port := h.env.attempt()
	n := h.spec.Workers
	return Place{Size: n, Groups: 1, RoleSize: n, MasterAddr: addr, MasterPort: port}
}

// nextAttempt starts the gang, once it has its place.
func (h *Handle) nextAttempt() {
	if h.opt.World == nil {
		h.place = h.alone()
		h.startPlaced()
		return
	}
	h.phase = phaseJoining
	ctx, cancel := context.WithCancel(h.ctx)
	h.leave = cancel
	h.worldly.Add(1)
	told := h.telling
	go func() {
		defer h.worldly.Done()
		if told != nil { // that we shall meet again comes first
			<-told
		}
		p, err := h.opt.World.Join(ctx)
		h.joins <- joined{p, err} // it has room
	}()
}

func (h *Handle) startPlaced() {
	if err := h.startGang(); err != nil {
		if h.startErr == nil && h.attempt == 0 {
			h.startErr = err
		}
		h.gangFailed(err)
	}
	h.saveSoon()
}

// onJoined goes on with the start of an attempt.
func (h *Handle) onJoined(j joined) {
	if h.phase != phaseJoining {
		return // stopped meanwhile
	}
	h.leave()
	if j.err != nil {
		h.worldEnded(j.err)
		return
	}
	h.place = j.place
	h.restarts = max(h.restarts, j.place.Restarts)
	h.changes = h.opt.World.Changes()
	h.startPlaced()
}

// worldEnded ends a run that stands between two attempts, or after the last.
func (h *Handle) worldEnded(err error) {
	o := stopOrder{cause: job.CauseNode, detail: err.Error(), final: true, status: job.StatusInternal}
	var other *Elsewhere
	if errors.As(err, &other) {
		o.status = 1
	}
	h.stop = stopState{asked: true, final: true, order: o}
	h.phase = phaseEnded
	if h.attempt == 0 && h.startErr == nil && len(h.workers) == 0 {
		h.startErr = err
	}
}

// rejoin begins the next attempt because of a failure elsewhere, which has been
// counted there.
func (h *Handle) rejoin() {
	h.stop = stopState{}
	h.attempt++
	h.nextAttempt()
}

// onChange leaves the gang because of another node.
func (h *Handle) onChange(c Change) {
	if h.phase != phaseRunning {
		if h.phase == phaseLeaving && !c.Again {
			h.elsewhere = c.Why // Done says the same
		}
		return
	}
	h.note(c.Why)
	if c.Again {
		h.stop.rejoin = true
		h.beginStop(stopOrder{cause: job.CauseRestart, detail: c.Why})
		return
	}
	h.elsewhere = c.Why
	h.beginStop(stopOrder{cause: job.CauseNode, detail: c.Why, final: true, status: 1})
}

// tell lets the other nodes know about a failure at once, so that nobody waits
// in a collective for ranks that are gone.
func (h *Handle) tell(w *worker) {
	if h.opt.World == nil || h.told {
		return
	}
	h.told = true
	again := h.mayRestart(w)
	h.stop.final = h.stop.final || !again
	out := w.out
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), tellWorld)
	h.worldly.Add(1)
	told := make(chan struct{})
	h.telling = told
	go func() {
		defer h.worldly.Done()
		defer close(told)
		defer cancel()
		var err error
		if again {
			err = h.opt.World.Again(ctx, fmt.Sprintf("rank %d on %s failed (%s)", out.Rank, h.host, describeShort(out)))
		} else {
			err = h.opt.World.Fail(ctx, out, inOneLine(out))
		}
		var other *Elsewhere
		switch {
		case errors.As(err, &other):
			h.do(func() { h.elsewhere = other.Why })
		case err != nil:
			h.do(func() { h.note("the other nodes were not told: " + err.Error()) })
		}
	}()
}

// inOneLine is what another node's report says of a failure here.
func inOneLine(o job.Outcome) string {
	text := describeShort(o)
	if o.ErrorFile == "" {
		return text
	}
	if e, err := report.ReadErrorFile(o.ErrorFile); err == nil {
		line, _, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
		text += ": " + line
	}
	return text
}

// mayRestart tells whether the gang lives again after the failure of w.
func (h *Handle) mayRestart(w *worker) bool {
	_, tooSoon := h.startupFailure(w)
	return h.restarts < h.spec.Restart.Max && h.scope() == job.RestartGang && !tooSoon && !h.stop.final &&
		w.out.Kind != job.KindStartFailed
}

// leaveForGood ends the membership when the run has ended, once what is being
// told has been told.
func (h *Handle) leaveForGood() {
	if h.opt.World == nil {
		return
	}
	if h.leave != nil {
		h.leave()
	}
	if h.first != nil {
		h.tell(h.first)
	}
	told := make(chan struct{})
	go func() {
		h.worldly.Wait()
		close(told)
	}()
	h.serveUntil(told)
	if err := h.opt.World.Close(); err != nil {
		h.note(err.Error())
	}
}

// leaveWorld waits, after success, for the gangs of the other nodes. Node 0 does
// so for as long as they work, whatever the barrier's time: they use its store.
func (h *Handle) leaveWorld() {
	h.phase = phaseLeaving
	var ctx context.Context
	barrier := h.spec.Nodes.BarrierTime()
	if h.place.Group > 0 {
		ctx, h.leave = context.WithTimeout(h.ctx, barrier)
	} else {
		late := time.AfterFunc(barrier, func() { h.do(h.stays) })
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(h.ctx)
		h.leave = func() { late.Stop(); cancel() }
	}
	h.worldly.Add(1)
	go func() {
		defer h.worldly.Done()
		h.lefts <- h.opt.World.Done(ctx)
	}()
}

// stays says why node 0 does not end.
func (h *Handle) stays() {
	if h.phase == phaseLeaving {
		h.note("the workers here are done; this node stays because others still use its store")
	}
}

func (h *Handle) onLeft(err error) {
	if h.phase != phaseLeaving {
		return
	}
	h.leave()
	var other *Elsewhere
	switch {
	case err == nil:
		h.phase = phaseEnded
	case errors.As(err, &other) && other.Again:
		h.note(other.Why)
		h.rejoin()
	case errors.As(err, &other):
		h.worldEnded(err)
	default:
		// Our workers have succeeded: torchrun, too, lets that stand.
		h.note("the other nodes did not say that they are done: " + err.Error())
		h.phase = phaseEnded
	}
}
