package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Stat is a process as /proc/<pid>/stat shows it.
type Stat struct {
	PID  int
	PPid int
	// Start is the start time in clock ticks since boot: with the pid it
	// names a process for ever (until the next boot).
	Start uint64
	// State is the letter ps shows: R, S, D, T, t, Z, X, I. It is the state
	// of the first thread.
	State byte
	Comm  string
	// Threads tells a zombie from a process whose first thread alone ended.
	Threads int

	PGrp, Session int
	TTY           Dev // the controlling terminal; zero: none
	TPGid         int // the foreground process group of that terminal; -1: none

	Processor int // that it ran on last; 0 also if it is not told

	// Kernel tells that it is a thread of the kernel's.
	Kernel bool
	// EnvStart and EnvEnd are where its environment lies. In the middle of an
	// execve both are 0, and then the same for a moment; where it is not ours to
	// see both are 0.
	EnvStart, EnvEnd uint64
	// EndCode is where its program's code ends, which the kernel sets when it has
	// laid out the environment: 0 until then. It is 1 where it is not ours to see.
	EndCode uint64
}

// kernelThread is PF_KTHREAD of the kernel's sched.h.
const kernelThread = 0x00200000

// Dead tells whether nothing of it runs any more.
func (p Stat) Dead() bool {
	return p.State == 'X' || p.State == 'x' || p.State == 'Z' && p.Threads <= 1
}

// ParseStat reads a line of /proc/<pid>/stat (proc_pid_stat(5)). The name is in
// parentheses and may hold anything, parentheses and blanks included.
func ParseStat(data []byte) (Stat, error) {
	open, shut := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || shut < open {
		return Stat{}, fmt.Errorf("no process name in %q", data)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data[:open])))
	if err != nil {
		return Stat{}, fmt.Errorf("no pid in %q", data)
	}
	// From here f[0] is field 3 of the manual page.
	f := strings.Fields(string(data[shut+1:]))
	if len(f) < 20 || len(f[0]) != 1 {
		return Stat{}, fmt.Errorf("too few fields in %q", data)
	}
	p := Stat{PID: pid, Comm: string(data[open+1 : shut]), State: f[0][0]}
	var tty int
	for _, n := range []struct {
		what  string
		field int
		to    *int
	}{{"parent", 4, &p.PPid}, {"process group", 5, &p.PGrp}, {"session", 6, &p.Session}, {"terminal", 7, &tty},
		{"foreground process group", 8, &p.TPGid}, {"thread count", 20, &p.Threads}} {
		if *n.to, err = strconv.Atoi(f[n.field-3]); err != nil {
			return Stat{}, fmt.Errorf("no %s in %q", n.what, data)
		}
	}
	if p.Start, err = strconv.ParseUint(f[19], 10, 64); err != nil {
		return Stat{}, fmt.Errorf("no start time in %q", data)
	}
	if len(f) > 36 {
		if p.Processor, err = strconv.Atoi(f[36]); err != nil {
			return Stat{}, fmt.Errorf("no processor in %q", data)
		}
	}
	flags, err := strconv.ParseUint(f[9-3], 10, 32)
	if err != nil {
		return Stat{}, fmt.Errorf("no flags in %q", data)
	}
	p.Kernel = flags&kernelThread != 0
	if len(f) > 51-3 {
		for _, n := range []struct {
			field int
			to    *uint64
		}{{27, &p.EndCode}, {50, &p.EnvStart}, {51, &p.EnvEnd}} {
			if *n.to, err = strconv.ParseUint(f[n.field-3], 10, 64); err != nil {
				return Stat{}, fmt.Errorf("no place of its program in %q", data)
			}
		}
	}
	p.TTY = decodeDev(uint32(tty))
	return p, nil
}

// Dev is the number of a device.
type Dev struct{ Major, Minor uint32 }

func (d Dev) String() string { return fmt.Sprintf("%d:%d", d.Major, d.Minor) }

// ptsMajor is that of the program's side of UNIX 98 ptys (devices.txt).
const ptsMajor = 136

// PTS is the number N of /dev/pts/N. False: d is no pty.
func (d Dev) PTS() (int, bool) { return int(d.Minor), d.Major == ptsMajor }

// decodeDev reads the kernel's new_encode_dev.
func decodeDev(n uint32) Dev { return Dev{n >> 8 & 0xfff, n&0xff | n>>12&0xfff00} }
