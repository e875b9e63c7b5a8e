package stream

import (
	"fmt"
	"io"
)

// readDirect reads a log whose file is cut off at the head while it is read.
func (v *view) readDirect(p []byte, off int64) (int, error) {
	s := v.snap
	for range 10000 {
		before, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if off < before.archived {
			if endOf(s.archives) < before.archived || !holdsOffset(s.archives, off) {
				if s.archives, err = listArchives(v.dir, v.name); err != nil {
					return 0, err
				}
			}
			return v.readArchived(p, off, before.archived)
		}
		if s.cur == nil {
			return 0, io.EOF
		}
		base, collapsed := before.base, false
		if before.pending > 0 && firstData(s.cur.fd) < before.pending {
			base, collapsed = base+before.pending, true
		}
		n, rerr := readFile(s.cur, p, off-base)
		after, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if after != before {
			continue
		}
		if before.pending > 0 && !collapsed && firstData(s.cur.fd) < before.pending {
			continue
		}
		return n, rerr
	}
	return 0, fmt.Errorf("reading log %s: it is rotated too fast", v.path())
}

func holdsOffset(as []archive, off int64) bool {
	_, _, ok := findArchive(as, off, 0)
	return ok
}

func (v *view) endDirect() (int64, error) {
	s := v.snap
	for range 10000 {
		before, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if s.cur == nil {
			return before.archived, nil
		}
		base, collapsed := before.base, false
		if before.pending > 0 && firstData(s.cur.fd) < before.pending {
			base, collapsed = base+before.pending, true
		}
		fi, err := s.cur.Stat()
		if err != nil {
			return 0, fmt.Errorf("reading log: %w", err)
		}
		after, err := s.state.read()
		if err != nil {
			return 0, err
		}
		if after != before {
			continue
		}
		if before.pending > 0 && !collapsed && firstData(s.cur.fd) < before.pending {
			continue
		}
		return max(base+fi.Size(), before.archived), nil
	}
	return 0, fmt.Errorf("reading log %s: it is rotated too fast", v.path())
}
