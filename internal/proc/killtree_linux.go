package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// KillTree kills every descendant and returns those that are alive at the
// deadline, which are in uninterruptible sleep or not ours to kill.
//
// All are stopped before any is killed: a tree that forks cannot outrun it, and
// no child loses its parent, and with it its place in the tree, before it has
// been seen. It is meant for a subreaper; elsewhere an orphan goes to init, and
// only the cookie still finds it.
//
// It ends with a look that found nobody and can have missed nobody: see look.
func KillTree(o KillOptions) []Survivor {
	if o.Pid == 0 {
		o.Pid = os.Getpid()
	}
	k := killer{o: o, deadline: time.Now().Add(o.Timeout), stopped: map[int]uint64{}, passed: map[int]uint64{}}
	for {
		alive, how := k.look()
		late := !time.Now().Before(k.deadline)
		switch {
		case len(alive) == 0 && (how == whole || k.enough(how)):
			return nil
		case len(alive) == 0:
			continue
		case !late && k.stopNew(alive):
			continue // somebody new: there may be more
		}
		k.doubts = 0
		k.kill(alive)
		if late {
			left, _ := k.look()
			return survivors(left)
		}
	}
}

type killer struct {
	o        KillOptions
	deadline time.Time
	rounds   int
	doubts   int            // looks with holes in a row, and nobody found
	since    time.Time      // of the first of these
	stopped  map[int]uint64 // start time by pid
	passed   map[int]uint64 // start time by pid, of those without the cookie and of the dead
}

// gap is what a look may have missed.
type gap int

const (
	whole  gap = iota
	holes      // somebody ended during the look, and may have left a child
	hidden     // somebody could not be judged: it is in the middle of an execve
)

// enoughDoubts looks with holes, over at least so long a time, have to do. A
// machine where others come and go all the time may never show a look without;
// whom so many looks have missed ended and was replaced in each of them.
const (
	enoughDoubts = 12
	doubtful     = 400 * time.Millisecond
)

// enough tells whether to leave it at looks that found nobody. Who is in the
// middle of an execve will be through it: for that the deadline alone counts.
func (k *killer) enough(how gap) bool {
	now := time.Now()
	if how == hidden {
		k.doubts = 0
		time.Sleep(time.Millisecond)
		return !now.Before(k.deadline)
	}
	if k.doubts == 0 {
		k.since = now
	}
	k.doubts++
	if k.doubts >= enoughDoubts && now.Sub(k.since) >= doubtful {
		return true
	}
	time.Sleep(time.Millisecond) // it is somebody else's turn
	return false
}

// look finds the live processes to be killed. If it finds none and is whole,
// then none was left when it began, for only one of them makes another one.
//
// This is why. The list of processes is read first, from low numbers to high.
// Each process that was there and has not ended is on it, or a child that it
// had meanwhile is, which has a higher number. So it is enough to know of each
// on the list, while it lives, that it is none of ours: who has ended since the
// list was read makes a hole, and so does a zombie, unless an earlier look has
// seen it dead already. (The numbers begin anew at pid_max: a chain of short
// lives that steps over that edge in the very moment could be missed.)
func (k *killer) look() (alive []Proc, how gap) {
	if !k.o.Everywhere && k.o.Pid == os.Getpid() && k.childless() {
		return nil, whole
	}
	pids, err := procIn("/").PIDs()
	if err != nil {
		return nil, holes
	}
	// First who is new, and the youngest of these: they may end soonest.
	var fresh, known []int
	for _, pid := range slices.Backward(pids) {
		if _, ok := k.passed[pid]; ok {
			known = append(known, pid)
		} else {
			fresh = append(fresh, pid)
		}
	}
	var all []Proc
	ours := map[int]bool{}
	judge := func(p Proc) {
		if start, ok := k.passed[p.PID]; ok && start == p.Start {
			return
		}
		switch k.judge(p) {
		case marked:
			ours[p.PID] = true
		case unmarked:
			k.passed[p.PID] = p.Start
		case missed:
			how = max(how, holes)
		case executing:
			how = hidden
		}
	}
	for i, pid := range slices.Concat(fresh, known) {
		p, err := procIn("/").Stat(pid)
		if err != nil {
			if i < len(fresh) {
				how = max(how, holes)
			}
			continue
		}
		all = append(all, p)
		if k.o.Everywhere || p.Dead() {
			judge(p)
		}
	}
	if k.o.Everywhere {
		return slices.DeleteFunc(k.marked(all, all, ours), Proc.Dead), how
	}
	tree := below(all, k.o.Pid, k.spares)
	if k.o.Key != "" {
		for _, p := range tree {
			judge(p)
		}
		tree = k.marked(all, tree, ours)
	}
	return slices.DeleteFunc(tree, Proc.Dead), how
}

// judge is cookieOf, and tells of one that is dead already once that it was
// missed: what it left alive may not be on the list.
func (k *killer) judge(p Proc) marking {
	switch {
	case k.spares(p):
		return unseen
	case p.Dead():
		k.passed[p.PID] = p.Start
		return missed
	case k.o.Key == "":
		return unseen
	}
	return cookieOf(procIn("/"), p, k.o.Key+"="+k.o.Value)
}

// childless tells whether no child of ours is left but dead and spared ones. A
// subreaper has no other descendant then. Nobody is missed: before a process is
// seen dead, its children are on its reaper's list, which is read once more.
func (k *killer) childless() bool {
	if !HasDescendants() {
		return true
	}
	before, err := children()
	if err != nil {
		return false
	}
	for _, pid := range before {
		p, err := procIn("/").Stat(pid)
		if err != nil || !p.Dead() && !k.spares(p) {
			return false
		}
	}
	after, err := children()
	return err == nil && slices.Equal(before, after)
}

func (k *killer) spares(p Proc) bool {
	return p.PID <= 1 || p.PID == os.Getpid() || slices.Contains(k.o.Except, p.PID)
}

// marked narrows the tree to what carries the cookie and what is below that.
func (k *killer) marked(all, tree []Proc, ours map[int]bool) []Proc {
	var out []Proc
	seen := map[int]bool{}
	add := func(p Proc) {
		if !seen[p.PID] {
			seen[p.PID] = true
			out = append(out, p)
		}
	}
	for _, p := range tree {
		if ours[p.PID] {
			add(p)
			for _, q := range below(all, p.PID, k.spares) {
				add(q)
			}
		}
	}
	return out
}

// stopNew stops those that were not seen before and tells whether there were
// any. After some rounds it gives up on stillness: killing helps as well.
func (k *killer) stopNew(procs []Proc) bool {
	k.rounds++
	fresh := false
	for _, p := range procs {
		if start, ok := k.stopped[p.PID]; ok && start == p.Start {
			continue
		}
		k.stopped[p.PID] = p.Start
		fresh = true
		if h, ok := sure(p); ok {
			_ = h.signal(unix.SIGSTOP)
			h.close()
		}
	}
	return fresh && k.rounds%16 != 0
}

// kill kills them all and waits for their ends, for one round: then it is time
// to look for others.
func (k *killer) kill(procs []Proc) {
	const batch = 256 // descriptors held at a time
	round := time.Now().Add(100 * time.Millisecond)
	if k.deadline.Before(round) {
		round = k.deadline
	}
	for len(procs) > 0 {
		now := procs[:min(batch, len(procs))]
		procs = procs[len(now):]
		var hs []handle
		for _, p := range now {
			if h, ok := sure(p); ok {
				_ = h.signal(unix.SIGKILL)
				hs = append(hs, h)
			}
		}
		for _, h := range hs {
			// One after the other: the longest dying decides anyway.
			if left := time.Until(round); left > 0 {
				waitHandles([]handle{h}, left)
			}
			h.close()
		}
	}
}

// sure opens the very process that was seen. If what has the number now began
// when p began, it is p, and was when the handle was opened.
func sure(p Proc) (handle, bool) {
	h := openHandle(p.PID)
	q, err := procIn("/").Stat(p.PID)
	if err != nil || q.Start != p.Start || p.PID <= 1 {
		h.close()
		return handle{}, false
	}
	return h, true
}

func survivors(procs []Proc) []Survivor {
	var out []Survivor
	for _, p := range procs {
		wchan, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "wchan"))
		s := Survivor{Proc: p, Wchan: strings.TrimSpace(string(wchan))}
		if s.Wchan == "0" {
			s.Wchan = ""
		}
		out = append(out, s)
	}
	return out
}

func (s Survivor) String() string {
	where := ""
	if s.Wchan != "" {
		where = " in " + s.Wchan
	}
	return fmt.Sprintf("%d (%s, state %c%s)", s.PID, s.Comm, s.State, where)
}
