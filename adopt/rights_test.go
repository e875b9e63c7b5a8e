package adopt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packedRights is a machine with a process 10 of ours, its child 20 that is looked
// at, and Yama.
type packedRights struct {
	yama     string
	ours     string // Uid of the one who asks
	ourCaps  uint64
	its      string // Uid of the other
	itsGroup string
	itsCaps  uint64
	parent   int
	more     string // lines of its status
}

func (m packedRights) open(t *testing.T) *Process {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	four := func(id string) string {
		if !strings.Contains(id, "\t") {
			id = strings.Repeat(id+"\t", 4)
		}
		return strings.TrimSpace(id)
	}
	status := func(pid int, uid, gid string, caps uint64) string {
		return fmt.Sprintf("Name:\tp%d\nTgid:\t%d\nPid:\t%d\nTracerPid:\t0\nUid:\t%s\nGid:\t%s\nCapPrm:\t%016x\nCapEff:\t%016x\n", pid, pid, pid, four(uid), four(gid), caps, caps)
	}
	stat := func(pid, ppid int) string {
		return fmt.Sprintf("%d (p%d) S %d %d %d 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0", pid, pid, ppid, pid, pid)
	}
	if m.parent == 0 {
		m.parent = 1
	}
	if m.itsGroup == "" {
		m.itsGroup = "1000"
	}
	put("self/status", status(10, m.ours, "1000", m.ourCaps))
	put("10/status", status(10, m.ours, "1000", m.ourCaps))
	put("10/stat", stat(10, 1))
	put("20/status", m.more+status(20, m.its, m.itsGroup, m.itsCaps))
	put("20/stat", stat(20, m.parent))
	put("1/stat", stat(1, 0))
	put("5/stat", stat(5, 1))
	if m.yama != "" {
		put("sys/kernel/yama/ptrace_scope", m.yama+"\n")
	}
	p, err := Packed(dir).Open(20)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMayAttach(t *testing.T) {
	const ptrace = 1 << capSysPtrace
	for name, test := range map[string]struct {
		m     packedRights
		right Right // empty: permitted
		why   string
		fix   string
	}{
		"the same user":            {packedRights{ours: "1000", its: "1000"}, "", "", ""},
		"Yama 0":                   {packedRights{ours: "1000", its: "1000", yama: "0"}, "", "", ""},
		"Yama 1":                   {packedRights{ours: "1000", its: "1000", yama: "1"}, RightYama, "ptrace_scope is 1", "sysctl kernel.yama.ptrace_scope=0"},
		"Yama 1, our child":        {packedRights{ours: "1000", its: "1000", yama: "1", parent: 10}, "", "", ""},
		"Yama 1, root":             {packedRights{ours: "0", ourCaps: ptrace, its: "1000", yama: "1"}, "", "", ""},
		"Yama 2":                   {packedRights{ours: "1000", its: "1000", yama: "2", parent: 10}, RightYama, "ptrace_scope is 2", "as root"},
		"Yama 3":                   {packedRights{ours: "0", ourCaps: ptrace, its: "1000", yama: "3"}, RightYama, "not even root", "started anew"},
		"another user":             {packedRights{ours: "1000", its: "1001"}, RightUser, "its user is", "as root"},
		"another user before Yama": {packedRights{ours: "1000", its: "1001", yama: "1"}, RightUser, "", ""},
		"setuid":                   {packedRights{ours: "1000", its: "1000\t0\t0\t0"}, RightUser, "effective user is root", "as root"},
		"saved":                    {packedRights{ours: "1000", its: "1000\t1000\t1001\t1000"}, RightUser, "saved user is", ""},
		"another group":            {packedRights{ours: "1000", its: "1000", itsGroup: "7"}, RightUser, "its group is", ""},
		"more capabilities":        {packedRights{ours: "1000", its: "1000", itsCaps: 1 << 10}, RightCapability, "CAP_NET_BIND_SERVICE", "as root"},
		"all capabilities":         {packedRights{ours: "1000", its: "1000", itsCaps: 1<<41 - 1}, RightCapability, "CAP_FOWNER, ...", ""},
		"a root without the right": {packedRights{ours: "0", its: "1000"}, RightUser, "", "CAP_SYS_PTRACE"},
		"a thread of the kernel":   {packedRights{ours: "0", ourCaps: ptrace, its: "0", more: "Kthread:\t1\n"}, RightKind, "kernel", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := test.m.open(t).MayAttach()
			if test.right == "" {
				if r != nil {
					t.Fatalf("refused: %v", r)
				}
				return
			}
			if r == nil || r.Right != test.right || !strings.Contains(r.Why, test.why) || !strings.Contains(r.Fix, test.fix) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestMayTrace(t *testing.T) {
	r := packedRights{ours: "1000", its: "1000", more: "TracerPid:\t5\n"}.open(t).MayTrace()
	if r == nil || r.Right != RightTracer || !strings.Contains(r.Why, "process 5 (p5)") {
		t.Errorf("%v", r)
	}
}
