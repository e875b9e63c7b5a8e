//go:build !linux

package adopt

import "io/fs"

func numbersOf(fs.FileInfo) (dev, ino, rdev uint64) { return 0, 0, 0 }

func majorMinor(uint64) (major, minor uint32) { return 0, 0 }
