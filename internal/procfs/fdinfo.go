package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// FDInfo is what /proc/<pid>/fdinfo/<fd> (proc_pid_fdinfo(5)) tells of an open file.
type FDInfo struct {
	Pos   int64 // offset
	Flags int   // as for open(2), with O_CLOEXEC
	MntID int   // the mount that it is on; -1: not told
	Ino   uint64
	// TTYIndex is the number N of /dev/pts/N, for a pty's master; else -1.
	TTYIndex int
	// Pid is that of the process a pidfd names; -1: it has ended, or this is no pidfd.
	Pid int
	// Rest are the lines besides, such as those of an eventfd, in their order.
	Rest []string
}

// ParseFDInfo reads a file of /proc/<pid>/fdinfo.
func ParseFDInfo(data []byte) (FDInfo, error) {
	i := FDInfo{MntID: -1, TTYIndex: -1, Pid: -1}
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		text := strings.TrimSuffix(string(line), "\n")
		key, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		if seen[key] {
			key = "" // of an epoll's lines, each is of its own
		}
		seen[key] = true
		var err error
		switch key {
		case "pos":
			i.Pos, err = strconv.ParseInt(value, 10, 64)
		case "flags":
			var n uint64
			n, err = strconv.ParseUint(value, 8, 31)
			i.Flags = int(n)
		case "mnt_id":
			i.MntID, err = strconv.Atoi(value)
		case "ino":
			i.Ino, err = strconv.ParseUint(value, 10, 64)
		case "tty-index":
			i.TTYIndex, err = strconv.Atoi(value)
		case "Pid":
			i.Pid, err = strconv.Atoi(value)
		default:
			if text != "" {
				i.Rest = append(i.Rest, text)
			}
		}
		if err != nil {
			return FDInfo{}, fmt.Errorf("%s is %q: %w", key, value, err)
		}
	}
	if !seen["flags"] {
		return FDInfo{}, fmt.Errorf("no flags among its lines")
	}
	return i, nil
}
