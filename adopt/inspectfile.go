package adopt

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// openFile finds out what is behind a descriptor.
func (p *Process) openFile(d Descriptor, t *Table, r *Report) OpenFile {
	f := OpenFile{Descriptor: d, Flags: []string{}}
	info, err := p.sys.fs.FDInfo(p.PID, d.FD)
	if err == nil {
		f.Flags = append(f.Flags, flagNames(info.Flags)...)
		f.Detail = detail(d, info, t)
	}
	f.Ends = t.ends(r.stat, t.Ends(d))
	switch d.Kind {
	case File, Memory, Dir, Device:
		if err == nil {
			f.Offset = &info.Pos
		}
		if n, ok := look(p.sys.fs.Path(p.PID, "fd", fmt.Sprint(d.FD)), 0); ok && p.sys.live && d.Kind != Device {
			f.Size = &n.size
		}
	case Pipe, FIFO:
		if waiting, capacity, ok := p.pipeState(d, t); ok {
			f.Waiting, f.Capacity = &waiting, &capacity
		}
	case Socket:
		if f.Socket = t.SocketOf(d); f.Socket == nil {
			if family := p.socketFamily(d.FD); family != "" {
				f.Socket = &SocketState{Family: family}
			}
		}
	case PTY:
		if d.Name == "/dev/tty" {
			f.Detail = fmt.Sprintf("/dev/pts/%d", d.Index)
		}
	}
	return f
}

// detail is what fdinfo tells of a file that is none (proc_pid_fdinfo(5)).
func detail(d Descriptor, info procfs.FDInfo, t *Table) string {
	if d.Kind != Anon {
		return ""
	}
	switch d.Name {
	case "[pidfd]":
		if info.Pid <= 0 {
			return "of a process that has ended"
		}
		return fmt.Sprintf("of %d (%s)", info.Pid, t.who(info.Pid).Comm)
	case "[eventfd]":
		for _, line := range info.Rest {
			if n, ok := strings.CutPrefix(line, "eventfd-count:"); ok {
				return "count 0x" + strings.TrimSpace(n)
			}
		}
	case "[eventpoll]":
		var fds []string
		for _, line := range info.Rest {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "tfd:" {
				fds = append(fds, f[1])
			}
		}
		if len(fds) > 0 {
			return "waits for " + strings.Join(fds, ", ")
		}
	case "[signalfd]":
		for _, line := range info.Rest {
			if mask, ok := strings.CutPrefix(line, "sigmask:"); ok {
				return "signal mask " + strings.TrimSpace(mask)
			}
		}
	case "inotify":
		n := 0
		for _, line := range info.Rest {
			if strings.HasPrefix(line, "inotify ") {
				n++
			}
		}
		return fmt.Sprintf("%d watches", n)
	case "[timerfd]":
		for _, line := range info.Rest {
			if at, ok := strings.CutPrefix(line, "it_value:"); ok {
				return "next " + strings.TrimSpace(at)
			}
		}
	}
	return ""
}

// Printable is a name as a terminal may show it: what a name must not do there,
// such as move the cursor, is written with escapes.
func Printable(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == 0xfffd && !strings.HasPrefix(name[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, name[i])
		case printable(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
