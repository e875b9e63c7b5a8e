package job

// glibc keeps the first two of the kernel's real-time signals (32 to 64) for
// itself, so RTMIN is 34 to every program and shell.
const (
	rtMin     = 34
	maxSignal = 64
)
