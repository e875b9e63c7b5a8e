package proc

import (
	"fmt"
	"sync"
)

// Identity names a process so that another one with the same pid is not taken
// for it. It can be stored.
type Identity struct {
	Pid       int    `json:"pid"`
	StartTime uint64 `json:"start_time"` // clock ticks since boot
	BootID    string `json:"boot_id"`
}

// Identify reads the identity of a process that exists.
func Identify(pid int) (Identity, error) {
	p, err := procIn("/").Stat(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	boot, err := bootID()
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	return Identity{Pid: pid, StartTime: p.Start, BootID: boot}, nil
}

// Alive tells whether that very process still runs. A zombie does not.
func Alive(id Identity) bool {
	p, err := procIn("/").Stat(id.Pid)
	if err != nil || p.Start != id.StartTime || p.Dead() {
		return false
	}
	boot, err := bootID()
	return err == nil && boot == id.BootID
}

// bootID does not change while we live, and every worker's identity has it.
var bootID = sync.OnceValues(procIn("/").BootID)

// Prepare reads what does not change while this process lives, and is remembered.
func Prepare() {
	_, _ = bootID()
	_, _ = realOwnCgroups()
}
