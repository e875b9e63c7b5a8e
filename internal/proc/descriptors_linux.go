package proc

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// SweepDescriptors marks every descriptor from 3 on close-on-exec, but those in
// except: what we inherited by somebody's carelessness stops here.
func SweepDescriptors(except ...int) error {
	if err := sweepFrom(3, except); err != nil {
		return fmt.Errorf("closing inherited descriptors for the workers: %w", err)
	}
	return nil
}

func sweepFrom(first uint, except []int) error {
	keep := slices.Sorted(slices.Values(except))
	from := first
	for _, fd := range keep {
		if fd < 0 || uint(fd) < from {
			continue
		}
		if uint(fd) > from {
			if err := closeOnExec(from, uint(fd)-1); err != nil {
				return err
			}
		}
		from = uint(fd) + 1
	}
	return closeOnExec(from, math.MaxUint32)
}

func closeOnExec(first, last uint) error {
	// The flag is of Linux 5.11.
	if unix.CloseRange(first, last, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.ParseUint(e.Name(), 10, 32)
		if err != nil || uint(fd) < first || uint(fd) > last {
			continue
		}
		// EBADF is the descriptor of the listing itself.
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil && err != unix.EBADF {
			return err
		}
	}
	return nil
}
