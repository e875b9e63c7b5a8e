package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/internal/procfs"
)

// capSysPtrace is the bit of CAP_SYS_PTRACE (capability.h).
const capSysPtrace = 19

// MayAttach tells why the kernel would not let this process look at p, take its
// descriptors or trace it; nil: as far as can be seen, it would. The rules are those
// of ptrace(2), "Ptrace access mode checking", in the kernel's order. What a security
// module such as Landlock, SELinux or AppArmor thinks of it cannot be seen before it
// is tried.
func (p *Process) MayAttach() *Refusal {
	r := p.mayAttach()
	if r != nil {
		r.What = "attaching to " + p.String()
	}
	return r
}

// MayTrace is MayAttach for ptrace itself, which needs more: one tracer at a time,
// and a process that is more than a part of the kernel.
func (p *Process) MayTrace() *Refusal {
	st, err := p.status()
	var r *Refusal
	switch {
	case err != nil:
		r = unreadable(err)
	case st.KernelThread:
		r = &Refusal{Right: RightKind, Why: "it is a thread of the kernel"}
	case st.TracerPid != 0:
		r = &Refusal{Right: RightTracer, Why: "it is traced already, by " + p.sys.named(st.TracerPid),
			Fix: "end that one first: a process has one tracer at a time"}
	default:
		return p.MayAttach()
	}
	r.What = "tracing " + p.String()
	return r
}

func unreadable(err error) *Refusal {
	r := &Refusal{Right: RightKernel, Why: err.Error(), Err: err}
	if errors.Is(err, fs.ErrPermission) {
		r.Right, r.Fix = RightUser, "do it as root: this /proc is mounted with hidepid"
	}
	return r
}

func (p *Process) mayAttach() *Refusal {
	me, err := p.sys.self()
	if err != nil {
		return &Refusal{Right: RightKernel, Why: "who asks is not known: " + err.Error(), Err: err}
	}
	it, err := p.status()
	if err != nil {
		return unreadable(err)
	}
	if it.KernelThread {
		return &Refusal{Right: RightKind, Why: "it is a thread of the kernel"}
	}
	if it.Tgid == me.Tgid {
		return nil // the kernel asks nothing of who looks at himself
	}
	scope := p.sys.yama()
	if scope == 3 {
		return &Refusal{Right: RightYama, Why: "kernel.yama.ptrace_scope is 3: nobody may, not even root",
			Fix: "that stays so until the machine is started anew, with another setting in /etc/sysctl.d"}
	}
	root := "as root"
	switch able := me.Effective>>capSysPtrace&1 == 1; {
	case able && p.sys.overUser(p.PID):
		return nil
	case able:
		return &Refusal{Right: RightNamespace, Why: "it is in a user namespace that is not below ours, where our capabilities count for nothing",
			Fix: "do it as root outside of this container"}
	}
	if me.UID[1] == 0 {
		root = "with the capability CAP_SYS_PTRACE, which this root does not have (docker run --cap-add SYS_PTRACE)"
	}
	if r := otherUser(me, it, root); r != nil {
		return r
	}
	if p.private(it.UID[1]) {
		return &Refusal{Right: RightDumpable, Why: "it keeps itself private (prctl PR_SET_DUMPABLE), as programs do that were setuid or setgid, sshd, and ssh-agent",
			Fix: "do it " + root}
	}
	if more := it.Permitted &^ me.Permitted; more != 0 {
		return &Refusal{Right: RightCapability, Why: "it has capabilities that we do not: " + capNames(more), Fix: "do it " + root}
	}
	switch {
	case scope == 2:
		return &Refusal{Right: RightYama, Why: "kernel.yama.ptrace_scope is 2: only those with CAP_SYS_PTRACE may", Fix: "do it " + root + "; or, as root: sysctl kernel.yama.ptrace_scope=0"}
	case scope == 1 && !p.sys.descends(p.PID, me.Tgid):
		return &Refusal{Right: RightYama, Why: "kernel.yama.ptrace_scope is 1: only a process above it may, unless it asked for another (prctl PR_SET_PTRACER)",
			Fix: "do it " + root + "; or, as root: sysctl kernel.yama.ptrace_scope=0; or start the program below sluice: sluice run --pty"}
	}
	return nil
}

// otherUser compares the ids as the kernel does: our real ones with all three of its.
func otherUser(me, it procfs.Status, root string) *Refusal {
	for _, id := range []struct {
		what     string
		ours     int
		its      [4]int
		nameFunc func(int) string
	}{{"user", me.UID[0], it.UID, userName}, {"group", me.GID[0], it.GID, groupName}} {
		for i, n := range id.its[:3] {
			if n == id.ours {
				continue
			}
			which := [...]string{"", "effective ", "saved "}[i]
			r := &Refusal{Right: RightUser, Fix: "do it " + root,
				Why: fmt.Sprintf("its %s%s is %s, and ours is %s", which, id.what, id.nameFunc(n), id.nameFunc(id.ours))}
			if it.UID[1] != 0 && id.what == "user" {
				r.Fix = "do it as " + userName(it.UID[1]) + ", or " + root
			}
			return r
		}
	}
	return nil
}

func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return strconv.Itoa(id)
}

func groupName(id int) string {
	if g, err := user.LookupGroupId(strconv.Itoa(id)); err == nil {
		return g.Name
	}
	return strconv.Itoa(id)
}

// private tells whether the process is not dumpable: then its files belong to root,
// although the folder itself is always its user's.
func (p *Process) private(uid int) bool {
	if uid == 0 || !p.sys.live { // a packed file is whoever's unpacked it
		return false
	}
	fi, err := os.Stat(p.sys.fs.Path(p.PID, "stat"))
	if err != nil {
		return false
	}
	owner, ok := ownerOf(fi)
	return ok && owner != uid
}

// self is who asks.
func (s *System) self() (procfs.Status, error) {
	data, err := procfs.ReadFile(filepath.Join(string(s.fs), "self", "status"))
	if err != nil {
		return procfs.Status{}, err
	}
	return procfs.ParseStatus(data)
}

// yama is kernel.yama.ptrace_scope; 0 without Yama, where everything is as at 0.
func (s *System) yama() int {
	data, err := procfs.ReadFile(filepath.Join(string(s.fs), "sys", "kernel", "yama", "ptrace_scope"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	return n
}

// descends tells whether a process is another's child, grandchild and so on. Both
// are read one after the other: the answer is of a moment.
func (s *System) descends(pid, from int) bool {
	for range 1 << 16 { // a loop cannot be, but in a packed system
		st, err := s.fs.Stat(pid)
		if err != nil || st.PPid <= 0 {
			return false
		}
		if st.PPid == from {
			return true
		}
		pid = st.PPid
	}
	return false
}

// named is a process in words.
func (s *System) named(pid int) string {
	if st, err := s.fs.Stat(pid); err == nil {
		return fmt.Sprintf("process %d (%s)", pid, st.Comm)
	}
	return fmt.Sprintf("process %d", pid)
}

// caps are the capabilities by their bits (capability.h).
var caps = strings.Fields(`chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
	net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace
	sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control
	setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`)

// capNames are at most four of the capabilities of a set.
func capNames(set uint64) string {
	var names []string
	for i := range 64 {
		if set>>i&1 == 0 {
			continue
		}
		if len(names) == 4 {
			names = append(names, "...")
			break
		}
		name := strconv.Itoa(i)
		if i < len(caps) {
			name = "CAP_" + strings.ToUpper(caps[i])
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
