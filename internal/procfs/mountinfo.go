package procfs

import (
	"bytes"
	"slices"
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
	Options    []string // of the mount: rw, nosuid, ...
	Super      []string // of the file system
}

// ReadOnly tells whether nothing can be written there.
func (m Mount) ReadOnly() bool {
	return slices.Contains(m.Options, "ro") || slices.Contains(m.Super, "ro")
}

// ParseMountInfo reads /proc/<pid>/mountinfo. It passes over lines that it does not
// understand: what is missing is then not mounted.
func ParseMountInfo(data []byte) []Mount {
	var all []Mount
	for line := range bytes.Lines(data) {
		// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
		head, tail, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " - ")
		f, g := strings.Fields(head), strings.Fields(tail)
		if !ok || len(f) < 6 || len(g) < 1 {
			continue
		}
		m := Mount{Root: unescape(f[3]), Point: unescape(f[4]), Options: strings.Split(f[5], ","), Type: unescape(g[0])}
		if len(g) > 1 {
			m.Source = unescape(g[1])
		}
		if len(g) > 2 {
			m.Super = strings.Split(g[2], ",")
		}
		var err, err2 error
		m.ID, err = strconv.Atoi(f[0])
		m.Parent, err2 = strconv.Atoi(f[1])
		if err != nil || err2 != nil || !m.Dev.parse(f[2]) {
			continue
		}
		all = append(all, m)
	}
	return all
}

// parse reads major:minor.
func (d *Dev) parse(text string) bool {
	major, minor, ok := strings.Cut(text, ":")
	a, err := strconv.ParseUint(major, 10, 32)
	b, err2 := strconv.ParseUint(minor, 10, 32)
	d.Major, d.Minor = uint32(a), uint32(b)
	return ok && err == nil && err2 == nil
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
