package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes orphaned descendants children of this process instead
// of init's, so that they stay findable and are reaped here. See StartReaper.
func BecomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming the reaper of orphans: %w", err)
	}
	return nil
}

// HasDescendants tells whether this process has any child, zombies included.
// For a subreaper whose workers are reaped, false means that nothing of them is
// left: one system call, where a look through /proc costs with every process.
func HasDescendants() bool {
	_, _, err := waitFor(unix.P_ALL, 0, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, nil)
	return err != unix.ECHILD
}
