//go:build unix && !linux

package job

const (
	rtMin     = 0 // no real-time signals by name
	maxSignal = 31
)
