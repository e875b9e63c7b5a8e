package launch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/report"
	"github.com/sluicerun/sluice/stream"
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
	// had failed before, that comes back as *Elsewhere; with Again, if that was
	// behind this failure and all shall meet again. tail are the last lines that
	// the worker wrote.
	Fail(ctx context.Context, o job.Outcome, why, tail string) error
	// Stop tells the others that somebody asked for the end of the whole run, with
	// status as its exit status and why in a few words.
	Stop(ctx context.Context, status int, why string) error
	// Root waits, after a failure here or elsewhere, for the root cause of the
	// run; nil: it is not known. Nothing of this gang is left by then.
	Root(ctx context.Context) *job.RootCause
	// Done waits until the gangs of all nodes have succeeded. One that has
	// failed comes back as *Elsewhere, with Again if all shall meet again.
	Done(ctx context.Context) error
	// Close ends the membership. It comes last, when no other method runs. why is
	// for the others where this gang ends before the run does.
	Close(why string) error
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
	// Serves tells that the others meet at this node: it stays as long as they
	// work.
	Serves bool
	// Restarts is how often the gangs have started again because of failures.
	Restarts int
	// Round is how often they have started again at all. A gang that comes to them
	// counts its attempts from there: one attempt has one number everywhere.
	Round int
}

// Change is why a gang is to be left.
type Change struct {
	// Again: meet again, in the next attempt. Otherwise it is the end.
	Again bool
	// Now: without grace, because the others may begin without this gang.
	Now bool
	// Stopped is the exit status of a run that somebody asked to stop; 0: it failed.
	Stopped int
	// Why is one sentence for people, with the node's name.
	Why string
}

// Elsewhere is a failure on another node.
type Elsewhere struct {
	Why     string
	Again   bool
	Stopped int // as in Change
	Status  int // the exit status of what failed; 0: it is not known
}

func (e *Elsewhere) Error() string { return e.Why }

const (
	// joinAtOnce is how long Start waits for a place: a world of one node has
	// it at once, and who detaches then learns what could not be started.
	joinAtOnce = 200 * time.Millisecond
	// tellWorld bounds how long a failed gang waits to have told the others.
	tellWorld = 5 * time.Second
	// statusKilled is the exit status of a run that was killed on request.
	statusKilled = 128 + int(job.SIGKILL)
	// rootWait bounds how long the end waits for the root cause.
	rootWait = 15 * time.Second
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
	told, joining := h.telling, make(chan struct{})
	h.joining = joining
	go func() {
		defer h.worldly.Done()
		defer close(joining)
		if told != nil { // that we shall meet again comes first
			<-told
		}
		p, err := h.opt.World.Join(ctx)
		h.joins <- joined{p, err} // it has room
	}()
}

func (h *Handle) startPlaced() {
	first := len(h.workers) == 0
	if err := h.startGang(); err != nil {
		if first {
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
	h.attempt = max(h.attempt, j.place.Round)
	h.restarts = max(h.restarts, j.place.Restarts)
	if h.spec.Nodes.Several() {
		h.restarts = j.place.Restarts // the nodes have agreed on what counts
	}
	h.changes = h.opt.World.Changes()
	h.startPlaced()
}

// worldEnded ends a run that stands between two attempts, or after the last.
func (h *Handle) worldEnded(err error) {
	o := stopOrder{cause: job.CauseNode, detail: err.Error(), final: true, status: job.StatusInternal}
	var other *Elsewhere
	switch {
	case errors.As(err, &other) && other.Stopped != 0:
		o.cause, o.detail, o.status = job.CauseUser, other.Why, other.Stopped
	case other != nil:
		if o.status = other.Status; o.status == 0 {
			o.status = 1
		}
	}
	h.stop = stopState{asked: true, final: true, order: o}
	h.phase = phaseEnded
	if o.cause == job.CauseNode && len(h.workers) == 0 {
		h.startErr = err
	}
}

// rejoin begins the next attempt because of a failure elsewhere, which has been
// counted there.
func (h *Handle) rejoin() {
	h.goOn()
	h.attempt++
	h.nextAttempt()
}

// onChange leaves the gang because of another node.
func (h *Handle) onChange(c Change) {
	if h.phase != phaseRunning {
		if h.phase == phaseLeaving && !c.Again && c.Stopped == 0 {
			h.elsewhere = c.Why // Done says the same
		}
		return
	}
	if c.Stopped != 0 {
		o := stopOrder{cause: job.CauseUser, detail: c.Why, status: c.Stopped, told: true}
		if c.Stopped == statusKilled {
			h.beginKill(o)
		} else {
			h.beginStop(o)
		}
		return
	}
	if !c.Again || !h.told { // who has asked for it says so when the attempt is over
		h.note(c.Why)
	}
	if c.Now && h.stop.asked { // they are being stopped, with more patience
		if !c.Again {
			h.elsewhere, h.stop.final = c.Why, true
		}
		h.killAll()
		return
	}
	if c.Again {
		h.stop.rejoin = true
		h.beginStop(stopOrder{cause: job.CauseRestart, detail: c.Why})
	} else {
		h.elsewhere = c.Why
		h.beginStop(stopOrder{cause: job.CauseNode, detail: c.Why, final: true, status: 1})
	}
	if c.Now {
		h.killAll()
	}
}

// tell lets the other nodes know about a failure at once, so that nobody waits
// in a collective for ranks that are gone.
func (h *Handle) tell(w *worker) {
	if h.opt.World == nil || h.told {
		return
	}
	h.told = true
	again := h.mayRestart(w)
	h.gaveUp = !again && !h.stop.final
	h.stop.final = h.stop.final || !again
	out, dir := w.out, w.dir
	h.tellOthers(func(ctx context.Context) error {
		if again {
			return h.opt.World.Again(ctx, fmt.Sprintf("rank %d on %s failed (%s)", out.Rank, h.host, describeShort(out)))
		}
		return h.opt.World.Fail(ctx, out, inOneLine(out), lastLines(dir))
	})
}

// tellEnd lets the other nodes know that this one ends the run, and not because of
// a worker: with the exit status that it has for that.
func (h *Handle) tellEnd(status int, why string) {
	if h.opt.World == nil || h.told {
		return
	}
	h.told = true
	o := job.Outcome{Rank: -1, Code: status, FailedAt: time.Now()}
	h.tellOthers(func(ctx context.Context) error { return h.opt.World.Fail(ctx, o, why, "") })
}

// tellStop lets the other nodes know that the whole run is to end.
func (h *Handle) tellStop(status int, why string) {
	if h.opt.World == nil || h.toldStop {
		return
	}
	h.toldStop = true
	joining := h.joining
	if h.phase == phaseJoining {
		h.leave() // what follows ends this gang before it has begun
	}
	h.tellOthers(func(ctx context.Context) error {
		if joining != nil {
			<-joining
		}
		return h.opt.World.Stop(ctx, status, why)
	})
}

func (h *Handle) tellOthers(say func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), tellWorld)
	h.worldly.Add(1)
	told := make(chan struct{})
	h.telling = told
	go func() {
		defer h.worldly.Done()
		defer close(told)
		defer cancel()
		err := say(ctx)
		h.do(func() { h.onTold(err) })
	}()
}

// onTold goes on when the others know, or cannot be told.
func (h *Handle) onTold(err error) {
	var other *Elsewhere
	switch {
	case errors.As(err, &other) && other.Again && h.gaveUp:
		// Our failure follows from another node's end: it is none of ours.
		h.note("the failure here follows from that of another node: " + other.Why)
		h.stop.final, h.stop.rejoin, h.pardoned = false, true, true
	case errors.As(err, &other):
		h.elsewhere = other.Why
	case err != nil:
		h.note("the other nodes were not told: " + err.Error())
	}
	h.gaveUp = false
	if h.phase == phaseTelling {
		h.phase = phaseRunning // whose workers have all ended
	}
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

// lastLines are those of a worker's stderr, or else of its stdout.
func lastLines(dir string) string {
	for _, s := range []job.Stream{job.Stderr, job.Stdout} {
		if text := Tail(dir, s, 4<<10); len(text) > 0 {
			return string(text)
		}
	}
	return ""
}

// TailLines is how many of the last lines of a failed worker reports show.
const TailLines = 20

// Tail is the end of a worker's log, TailLines and most bytes of it at most; nil if
// there is none.
func Tail(dir string, s job.Stream, most int64) []byte {
	l, err := stream.OpenReader(dir, s.String()+".log")
	if err != nil {
		return nil
	}
	defer l.Close()
	text, err := report.Tail(l, l.Size(), TailLines, most)
	if err != nil {
		return nil
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
	if h.first != nil && !h.left {
		h.tell(h.first)
	}
	told := make(chan struct{})
	go func() {
		h.worldly.Wait()
		close(told)
	}()
	h.serveUntil(told)
	if h.first != nil || h.elsewhere != "" || h.told {
		h.askRoot()
	}
	// Not in the loop: what the world has to tell yet goes through it.
	var err error
	why := h.leaving()
	closed := make(chan struct{})
	go func() {
		err = h.opt.World.Close(why)
		close(closed)
	}()
	h.serveUntil(closed)
	if err != nil {
		h.note(err.Error())
	}
}

// leaving is why this gang ends, where that is nothing the others have been told.
func (h *Handle) leaving() string {
	if o := h.stop.order; h.stop.asked && (o.cause == job.CauseUser || o.cause == job.CauseLauncher) {
		if o.detail != "" {
			return o.detail
		}
		return "sluice was stopped there"
	}
	return ""
}

// askRoot finds out what failed first of all nodes.
func (h *Handle) askRoot() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), rootWait)
	defer cancel()
	var root *job.RootCause
	known := make(chan struct{})
	go func() {
		root = h.opt.World.Root(ctx)
		close(known)
	}()
	h.serveUntil(known)
	h.result.Root = root
}

// leaveWorld waits, after success, for the gangs of the other nodes. A node that
// the others meet at does so for as long as they work, whatever the barrier's time.
func (h *Handle) leaveWorld() {
	h.phase, h.left = phaseLeaving, true
	var ctx context.Context
	barrier := h.spec.Nodes.BarrierTime()
	if !h.place.Serves {
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

// stays says why a node that the others meet at does not end.
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
		h.first = nil
		h.rejoin()
	case errors.As(err, &other):
		h.worldEnded(err)
	default:
		// Our workers have succeeded: torchrun, too, lets that stand.
		h.note("the other nodes did not say that they are done: " + err.Error())
		h.phase = phaseEnded
	}
}
