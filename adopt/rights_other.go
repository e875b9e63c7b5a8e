//go:build !linux

package adopt

import "io/fs"

func ownerOf(fs.FileInfo) (int, bool) { return 0, false }

func (s *System) overUser(int) bool { return true }
