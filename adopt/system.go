package adopt

import "github.com/sluicerun/sluice/internal/procfs"

// System is the processes of a machine as a /proc shows them.
type System struct {
	fs   procfs.FS
	live bool
}

// Live is the machine that this process runs on.
func Live() *System { return &System{fs: "/proc", live: true} }

// Packed is a machine whose /proc was packed into a folder, down to the links below
// fd and the files below fdinfo. It can be looked into, and nothing else.
func Packed(proc string) *System { return &System{fs: procfs.FS(proc)} }
