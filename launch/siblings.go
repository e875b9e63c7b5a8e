package launch

import "sync"

// siblings are the runs of this process that go on. Each has a reaper, and none
// of these may take the status of another run's worker.
var siblings = struct {
	sync.RWMutex
	live map[*Handle]struct{}
}{live: map[*Handle]struct{}{}}

// enter must come before the run's first fork: see proc.StartReaper.
func enter(h *Handle) {
	siblings.Lock()
	defer siblings.Unlock()
	siblings.live[h] = struct{}{}
}

func leave(h *Handle) {
	siblings.Lock()
	defer siblings.Unlock()
	delete(siblings.live, h)
}

// oneOfOurs tells the reapers which zombies are not theirs to reap.
func oneOfOurs(pid int) bool {
	siblings.RLock()
	defer siblings.RUnlock()
	for h := range siblings.live {
		if h.ours(pid) {
			return true
		}
	}
	return false
}
