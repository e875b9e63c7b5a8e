package stream

import (
	"time"

	"golang.org/x/sys/unix"
)

// File systems that change without this kernel's doing, so that its inotify does
// not know. The numbers are their magic in statfs(2).
func isRemote(dir string) bool {
	var st unix.Statfs_t
	if err := again(func() error { return unix.Statfs(dir, &st) }); err != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC, unix.FUSE_SUPER_MAGIC, unix.V9FS_MAGIC, unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC,
		unix.CEPH_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.NCP_SUPER_MAGIC, unix.CODA_SUPER_MAGIC,
		0x0BD00BD0, // Lustre
		0x47504653, // GPFS
		0x19830326, // BeeGFS
		0xAAD7AAEA, // PanFS
		0x7461636F, // OCFS2
		0x01161970: // GFS2
		return true
	}
	return false
}

// A poller paces looks at a file that nobody tells about: often while it grows,
// seldom while it does not.
type poller struct{ pause time.Duration }

const (
	pollSoon = 20 * time.Millisecond
	pollLate = time.Second
)

func (p *poller) grew() { p.pause = 0 }

func (p *poller) next() time.Duration {
	p.pause = min(max(p.pause*3/2, pollSoon), pollLate)
	return p.pause
}
