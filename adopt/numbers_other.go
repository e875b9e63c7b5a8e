//go:build !linux

package adopt

func look(string, int) (numbers, bool) { return numbers{}, false }

func lookLink(string) (numbers, bool) { return numbers{}, false }

// A packed system is one of Linux, whose numbers are taken apart and put together
// here only to be compared.
func majorMinor(dev uint64) (major, minor uint32) { return uint32(dev >> 32), uint32(dev) }

func makeDev(major, minor uint32) uint64 { return uint64(major)<<32 | uint64(minor) }
