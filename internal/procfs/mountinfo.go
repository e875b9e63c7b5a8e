package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Mount is a line of /proc/<pid>/mountinfo (proc_pid_mountinfo(5)).
type Mount struct {
	ID, Parent int
	Dev        Dev
	Root       string // what of the file system is mounted
	Point      string // where, seen from the process's root
	Type       string // ext4, devpts, ...
	Source     string
}

// ParseMountInfo reads /proc/<pid>/mountinfo.
func ParseMountInfo(data []byte) ([]Mount, error) {
	var all []Mount
	for line := range bytes.Lines(data) {
		text := strings.TrimSuffix(string(line), "\n")
		head, tail, ok := strings.Cut(text, " - ")
		f, g := strings.Fields(head), strings.Fields(tail)
		if !ok || len(f) < 6 || len(g) < 2 {
			return nil, fmt.Errorf("too few fields in %q", text)
		}
		m := Mount{Root: unescape(f[3]), Point: unescape(f[4]), Type: unescape(g[0]), Source: unescape(g[1])}
		var err error
		if m.ID, err = strconv.Atoi(f[0]); err == nil {
			m.Parent, err = strconv.Atoi(f[1])
		}
		major, minor, _ := strings.Cut(f[2], ":")
		for _, n := range []struct {
			text string
			to   *uint32
		}{{major, &m.Dev.Major}, {minor, &m.Dev.Minor}} {
			v, err2 := strconv.ParseUint(n.text, 10, 32)
			if *n.to = uint32(v); err == nil {
				err = err2
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// unescape undoes the kernel's \040 for blanks and the like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
