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
func KillTree(o KillOptions) []Survivor {
	if o.Pid == 0 {
		o.Pid = os.Getpid()
	}
	k := killer{o: o, deadline: time.Now().Add(o.Timeout), stopped: map[int]uint64{}}
	for {
		alive := k.targets()
		if len(alive) == 0 {
			return nil
		}
		if k.stopNew(alive) && time.Now().Before(k.deadline) {
			continue // somebody new: there may be more
		}
		k.kill(alive)
		if !time.Now().Before(k.deadline) {
			return survivors(k.targets())
		}
	}
}

type killer struct {
	o        KillOptions
	deadline time.Time
	rounds   int
	stopped  map[int]uint64 // start time by pid
}

// targets are the live processes to be killed.
func (k *killer) targets() []Proc {
	all, err := processes("/")
	if err != nil {
		return nil
	}
	spared := func(p Proc) bool { return p.PID == os.Getpid() || slices.Contains(k.o.Except, p.PID) }
	tree := below(all, k.o.Pid, spared)
	if k.o.Key != "" {
		tree = k.marked(all, tree, spared)
	}
	return slices.DeleteFunc(tree, func(p Proc) bool { return p.Dead() || p.PID <= 1 })
}

// marked narrows the tree to what carries the cookie and what is below that.
func (k *killer) marked(all, tree []Proc, spared func(Proc) bool) []Proc {
	var out []Proc
	seen := map[int]bool{}
	add := func(p Proc) {
		if !seen[p.PID] {
			seen[p.PID] = true
			out = append(out, p)
		}
	}
	for _, p := range tree {
		if hasCookie("/", p.PID, k.o.Key+"="+k.o.Value) {
			add(p)
			for _, q := range below(all, p.PID, spared) {
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
