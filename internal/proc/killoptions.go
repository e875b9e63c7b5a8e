package proc

import "time"

// KillOptions say whom KillTree kills.
type KillOptions struct {
	// Pid is the process whose descendants are killed; itself it is spared.
	// 0 means this process.
	Pid int
	// Except are processes that are spared with everything below them.
	Except []int
	// Key and Value narrow it to descendants whose environment has Key=Value
	// and what is below those. An empty Key means all.
	Key, Value string
	// Everywhere looks for Key=Value among all processes, descendants or not:
	// for those whose parents are gone. Pid means nothing then.
	Everywhere bool
	// Timeout is how long to go on.
	Timeout time.Duration
}

// Survivor is a process that SIGKILL did not end.
type Survivor struct {
	Proc
	// Wchan is the kernel function it sleeps in, where the kernel tells.
	Wchan string
}
