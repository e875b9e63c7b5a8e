package proc

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Reaped is a stranger that was reaped.
type Reaped struct {
	PID    int
	Status Status
}

// Reaper takes the zombies of adopted processes: children of this process (a
// subreaper, or pid 1) that it did not start.
type Reaper struct {
	ours   func(pid int) bool
	onReap []func(Reaped)
	early  map[int]bool // children from before StartReaper
	sid    int
	jobs   atomic.Bool

	wake   chan os.Signal
	quit   chan struct{}
	sweeps chan chan struct{}
	done   chan struct{}
	once   sync.Once
}

// StartReaper reaps strangers from now on. ours says which children somebody
// else will reap (Spawner.Owns); it must never be late, see there. A child in
// our own session is left alone too: workers have sessions of their own, so it
// was started here by other means (os/exec), and its status belongs to them.
// Children that are there already, as under a shell that executes us, are
// strangers unless they are ours.
//
// onReap is called on the reaper's goroutine.
func StartReaper(ours func(pid int) bool, onReap ...func(Reaped)) *Reaper {
	r := &Reaper{
		ours: ours, onReap: onReap, early: map[int]bool{},
		wake: make(chan os.Signal, 1), quit: make(chan struct{}), done: make(chan struct{}),
		sweeps: make(chan chan struct{}),
	}
	r.sid, _ = unix.Getsid(0)
	if HasDescendants() {
		pids, _ := children()
		for _, pid := range pids {
			r.early[pid] = true
		}
	}
	signal.Notify(r.wake, unix.SIGCHLD)
	go r.run()
	return r
}

// OwnSession has children in our own session reaped as well, from now on: for a
// process that starts none of them by other means, but whose workers live in its
// session (JobTerminal).
func (r *Reaper) OwnSession() { r.jobs.Store(true) }

// Sweep reaps the strangers that are zombies now: before its end, a process
// does not leave them to its parent.
func (r *Reaper) Sweep() {
	done := make(chan struct{})
	select {
	case r.sweeps <- done:
		<-done
	case <-r.done:
	}
}

// Close stops reaping and waits for the goroutine.
func (r *Reaper) Close() {
	r.once.Do(func() {
		signal.Stop(r.wake)
		close(r.quit)
		<-r.done
	})
}

// run looks after each SIGCHLD. Signals that arrive during a look are one
// further look: the channel holds one.
func (r *Reaper) run() {
	defer close(r.done)
	var later <-chan time.Time // the next full look
	look := func() {
		if r.front() && later == nil {
			later = time.After(lookPause)
		}
	}
	look() // who died before Notify sent nothing
	for {
		select {
		case <-r.wake:
			look()
		case <-later:
			later = nil
			r.all()
		case done := <-r.sweeps:
			r.all()
			close(done)
		case <-r.quit:
			return
		}
	}
}

// lookPause is between two looks at all children: a gang of thousands that ends
// at once would otherwise have them looked at for each of its members. Nobody
// waits for a stranger's zombie.
const lookPause = 50 * time.Millisecond

// front reaps the strangers that the kernel shows: it shows one zombie at a
// time, always the first, which costs two system calls. It tells whether one of
// ours stands in front and may hide strangers.
func (r *Reaper) front() bool {
	for {
		e, found, err := waitFor(unix.P_ALL, 0, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, nil)
		if err != nil || !found {
			return false
		}
		if !r.reap(e.pid) {
			return true
		}
	}
}

// all looks at every child and reaps the strangers among the zombies.
func (r *Reaper) all() {
	pids, err := children()
	if err != nil {
		return
	}
	for _, pid := range pids {
		r.reap(pid)
	}
}

// reap reaps pid if it is a zombie and a stranger. Nobody else would reap a
// stranger, so its number cannot change hands between the look and the reaping.
func (r *Reaper) reap(pid int) bool {
	if r.ours(pid) || !r.stranger(pid) {
		return false
	}
	e, found, err := waitFor(unix.P_PID, pid, unix.WEXITED|unix.WNOHANG|unix.WALL, nil)
	if err != nil || !found {
		return false
	}
	delete(r.early, pid)
	for _, f := range r.onReap {
		f(Reaped{PID: pid, Status: e.status})
	}
	return true
}

func (r *Reaper) stranger(pid int) bool {
	if r.jobs.Load() {
		return true
	}
	sid, err := unix.Getsid(pid)
	if err != nil {
		return false
	}
	return sid != r.sid || r.early[pid]
}
