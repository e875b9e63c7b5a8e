package adopt

import (
	"fmt"
	"time"
)

// WatchWay is how what a process writes is seen.
type WatchWay string

// The ways, the best first.
const (
	// WatchFile reads the regular file that a descriptor is of.
	WatchFile WatchWay = "file"
	// WatchBPF has the kernel copy what is written. The process is not stopped.
	WatchBPF WatchWay = "bpf"
	// WatchPtrace stops the process at each of its system calls.
	WatchPtrace WatchWay = "ptrace"
	// WatchTee looks into a pipe before its reader takes what is there. It may miss
	// bytes or repeat them, and is taken by itself only if nothing else is permitted.
	WatchTee WatchWay = "tee"
)

// ParseWatchWay reads the name of a way.
func ParseWatchWay(name string) (WatchWay, error) {
	for _, w := range []WatchWay{WatchFile, WatchBPF, WatchPtrace, WatchTee} {
		if name == string(w) {
			return w, nil
		}
	}
	return "", fmt.Errorf("%q is none of file, bpf, ptrace, tee", name)
}

// WatchOptions say what to watch. The zero value is stdout and stderr, each by the
// best way that is permitted.
type WatchOptions struct {
	FDs []int    // empty: 1 and 2
	Via WatchWay // this way and no other
}

// Written is what a process wrote.
type Written struct {
	Time time.Time // when it was seen
	FD   int       // -1: it is not known (only with Lost)
	Data []byte    // valid until the function that got it returns
	Lost int64     // bytes that were written after Data and could not be had
}

// Watched is a descriptor that is watched.
type Watched struct {
	Descriptor
	Way WatchWay
	// Note is what should be known of this way before: its cost, what it misses.
	// May be empty.
	Note string
	// Passed are the better ways, and why they were not taken.
	Passed []error
}

// StreamName is what people call a descriptor.
func StreamName(fd int) string {
	switch fd {
	case 0:
		return "stdin"
	case 1:
		return "stdout"
	case 2:
		return "stderr"
	}
	return fmt.Sprintf("descriptor %d", fd)
}
