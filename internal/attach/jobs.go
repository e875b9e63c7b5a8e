//go:build linux || darwin

package attach

// JobControl tells whether this process is the job of a shell, which would
// continue it after ^Z.
func JobControl() bool { return hasJobControl() }
