//go:build linux

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// onThread runs f on a thread of its own, which ends with it.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// allowedCPUs are those that can be bound to here, at least n.
func allowedCPUs(t testing.TB, n int) (cpus []int) {
	t.Helper()
	var err error
	onThread(func() {
		if err = unix.SchedSetaffinityDynamic(0, everyCPU()); err == nil {
			var mask unix.CPUSetDynamic
			mask, err = threadCPUs()
			cpus = numbersOf(mask)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(cpus) < n {
		t.Skipf("needs %d CPUs, there is %s", n, listOf(cpus))
	}
	return cpus
}

// sleeper starts a process that waits, with c's binding and limits.
func sleeper(t testing.TB, s *Spawner, c *Cmd) *Process {
	t.Helper()
	c.Path, c.Args, c.Env = "/bin/sleep", []string{"sleep", "1000"}, os.Environ()
	return start(t, s, c)
}

func boundTo(t testing.TB, pid int) Bound {
	t.Helper()
	b, err := BoundTo("/", pid)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var someLimit = []job.Rlimit{{Name: "core"}}

// Each child has its own binding, the next nobody else's, with limits (which
// cost one more exec) and without; nothing of it stays with our threads.
func TestEachChildItsCPUs(t *testing.T) {
	all := allowedCPUs(t, 2)
	s := newSpawner(t, SpawnerOptions{})
	ours := boundTo(t, os.Getpid())
	for name, limits := range map[string][]job.Rlimit{"plain": nil, "staged": someLimit} {
		for _, cpus := range [][]int{{all[0]}, {all[1]}, nil, {all[1], all[0], all[1]}, nil} {
			p := sleeper(t, s, &Cmd{CPUs: cpus, Rlimits: limits})
			want := distinct(cpus)
			if cpus == nil {
				want = ours.CPUs
			}
			if got := boundTo(t, p.Pid()); !slices.Equal(got.CPUs, want) {
				t.Errorf("%s, bound to %v: on %v, want %v", name, cpus, got.CPUs, want)
			}
			if now := boundTo(t, os.Getpid()); now.Threads != nil || !slices.Equal(now.CPUs, ours.CPUs) {
				t.Errorf("%s, bound to %v: our threads are on %v, %v", name, cpus, now.CPUs, now.Threads)
			}
		}
	}
}

// All of a gang, on the spawner's thread at once, and one among them that
// cannot be started.
func TestStartAllBinds(t *testing.T) {
	all := allowedCPUs(t, 2)
	s := newSpawner(t, SpawnerOptions{})
	ours := boundTo(t, os.Getpid()).CPUs
	run := func(cpus []int, path string) *Cmd {
		return &Cmd{Path: path, Args: []string{"sleep", "1000"}, CPUs: cpus}
	}
	cmds := []*Cmd{run(all[:1], "/bin/sleep"), run(nil, "/bin/sleep"), run(all[1:2], "/bin/sleep"), run(all[:1], "/nowhere")}
	cmds[2].Rlimits = someLimit
	wants := [][]int{all[:1], ours, all[1:2]}
	i := 0
	for st := range s.StartAll(cmds) {
		if st.Err != nil {
			if i != 3 || st.Err.(*StartError).Err != unix.ENOENT {
				t.Errorf("command %d: %v", i, st.Err)
			}
			i++
			continue
		}
		if got := boundTo(t, st.Process.Pid()).CPUs; !slices.Equal(got, wants[i]) {
			t.Errorf("command %d is on %v, want %v", i, got, wants[i])
		}
		_ = st.Process.SignalGroup(unix.SIGKILL)
		<-st.Process.Exited()
		_, _ = st.Process.Reap()
		i++
	}
	if i != 4 {
		t.Errorf("%d answers", i)
	}
	// The failed one left nothing behind.
	if got := boundTo(t, sleeper(t, s, &Cmd{}).Pid()).CPUs; !slices.Equal(got, ours) {
		t.Errorf("after a failed start: on %v, want %v", got, ours)
	}
}

// What it starts inherits, the text file that the shell must run too, and the
// kernel says the same to others.
func TestGrandchildrenInherit(t *testing.T) {
	all := allowedCPUs(t, 2)
	s := newSpawner(t, SpawnerOptions{})
	c := sh("(grep ^Cpus_allowed_list /proc/self/status; :); exit 0")
	c.CPUs = all[1:2]
	if got, want := output(t, s, c), fmt.Sprintf("Cpus_allowed_list:\t%d\n", all[1]); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	script := write(t, t.TempDir()+"/script", "grep ^Cpus_allowed_list /proc/self/status\n", 0o700)
	c = &Cmd{Path: script, Env: os.Environ(), CPUs: all[1:2]}
	if got, want := output(t, s, c), fmt.Sprintf("Cpus_allowed_list:\t%d\n", all[1]); got != want {
		t.Errorf("script: %q, want %q", got, want)
	}
}

func TestTasksetAgrees(t *testing.T) {
	taskset := testpeer.Need(t, "taskset", "util-linux")
	all := allowedCPUs(t, 2)
	p := sleeper(t, newSpawner(t, SpawnerOptions{}), &Cmd{CPUs: all[1:2]})
	out, err := exec.Command(taskset, "-cp", strconv.Itoa(p.Pid())).Output()
	if want := fmt.Sprintf("pid %d's current affinity list: %d\n", p.Pid(), all[1]); err != nil || string(out) != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
}

func TestHwlocAgrees(t *testing.T) {
	bind := testpeer.Need(t, "hwloc-bind", "hwloc")
	all := allowedCPUs(t, 2)
	c := &Cmd{Path: bind, Args: []string{"hwloc-bind", "--get"}, Env: os.Environ(), CPUs: all[1:2]}
	got := strings.TrimSpace(output(t, newSpawner(t, SpawnerOptions{}), c))
	if mask, err := strconv.ParseUint(got, 0, 64); err != nil || all[1] < 64 && mask != 1<<all[1] {
		t.Errorf("%q, want CPU %d alone", got, all[1])
	}
}

// The CPUs a launcher was bound to are no limit for its children: only the
// cpuset is. Its unbound children have its own.
func TestBoundLauncher(t *testing.T) {
	all := allowedCPUs(t, 2)
	if !inner(t, testpeer.Need(t, "taskset", "util-linux"), "-c", strconv.Itoa(all[0])) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	for _, c := range []struct{ cpus, want []int }{{all[1:2], all[1:2]}, {nil, all[:1]}, {all[:2], all[:2]}, {nil, all[:1]}} {
		if got := boundTo(t, sleeper(t, s, &Cmd{CPUs: c.cpus}).Pid()).CPUs; !slices.Equal(got, c.want) {
			t.Errorf("asked for %v, on %v, want %v", c.cpus, got, c.want)
		}
	}
}

func TestBindingErrors(t *testing.T) {
	all := allowedCPUs(t, 1)
	list := listOf(all)
	s := newSpawner(t, SpawnerOptions{})
	ours := boundTo(t, os.Getpid()).CPUs
	const cpuHint = "; name others, or change the cpuset of the cgroup or container"
	for want, c := range map[string]*Cmd{
		"there is no CPU -1: numbers go from 0 to 1048575":                                                         {CPUs: []int{0, -1}},
		"there is no CPU 1048576: numbers go from 0 to 1048575":                                                    {CPUs: []int{1048576}},
		"binding it to CPU 1048575: none of these CPUs may be used here, but " + list + cpuHint:                    {CPUs: []int{1048575}},
		"binding it to CPU 40000-40001: none of these CPUs may be used here, but " + list + cpuHint:                {CPUs: []int{40001, 40000}},
		fmt.Sprintf("binding it to CPU %d,40000: CPU 40000 may not be used here, only %s", all[0], list) + cpuHint: {CPUs: []int{40000, all[0]}},
	} {
		for _, limits := range [][]job.Rlimit{nil, someLimit} {
			c.Path, c.Dir, c.Rlimits = "/bin/true", "/", limits
			_, err := s.Start(c)
			var se *StartError
			if !errors.As(err, &se) || se.Error() != "starting /bin/true: "+want || se.Status != 125 || se.Err != unix.EINVAL || se.Dir != "/" {
				t.Errorf("%v %v:\n got %v\nwant starting /bin/true: %s", c.CPUs, limits, err, want)
			}
		}
	}
	if got := boundTo(t, sleeper(t, s, &Cmd{}).Pid()).CPUs; !slices.Equal(got, ours) {
		t.Errorf("after the errors children are on %v, want %v", got, ours)
	}
}

// More CPUs than fit into the C library's fixed set.
func TestManyCPUs(t *testing.T) {
	mask := unix.NewCPUSet(5001)
	for _, cpu := range []int{5000, 1024, 1023, 0} {
		mask.Set(cpu)
	}
	if got := numbersOf(mask); !slices.Equal(got, []int{0, 1023, 1024, 5000}) {
		t.Errorf("%v", got)
	}
	if got := everyCPU(); got.Count() != job.MaxCPU+1 {
		t.Errorf("every CPU: %d", got.Count())
	}
}

// What cannot be given back is neither forgotten nor handed to the next child.
func TestUndoThatFails(t *testing.T) {
	all := allowedCPUs(t, 2)
	onThread(func() {
		r := binder{mem: &policy{mode: 99, nodes: unix.NewCPUSet(maxNodes)}}
		for range 2 {
			if err := r.bind(nil); err == nil || !strings.Contains(err.Error(), "what an earlier process was bound to cannot be taken back: setting the memory policy: invalid argument") {
				t.Errorf("%v", err)
			}
		}
		// All our CPUs were taken from us meanwhile: those we have now, then.
		gone := everyCPU()
		gone.Zero()
		gone.Set(job.MaxCPU)
		r = binder{cpus: gone}
		one := unix.NewCPUSet(all[0] + 1)
		one.Set(all[0])
		if err := unix.SchedSetaffinityDynamic(0, one); err != nil {
			t.Error(err)
			return
		}
		if err := r.bind(nil); err != nil || r.cpus != nil {
			t.Errorf("%v, still to be given back: %v", err, r.cpus)
		}
		if now, err := threadCPUs(); err != nil || !slices.Equal(numbersOf(now), all) {
			t.Errorf("on %v, want %v (%v)", numbersOf(now), all, err)
		}
	})
}

// A container's filter that refuses a system call, as Docker's default does
// with memory policies.
func TestFilteredCalls(t *testing.T) {
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	const filteredText = " (a container's seccomp filter, or a kernel without it)"
	const node = "setting its memory policy to bind on NUMA node 0: "
	for _, c := range []struct {
		call  uintptr
		errno unix.Errno
		cmd   Cmd
		want  string
	}{
		{unix.SYS_SET_MEMPOLICY, unix.EPERM, Cmd{Mem: MemPolicy{"bind", []int{0}}},
			node + "set_mempolicy: operation not permitted" + filteredText + "; give the container CAP_SYS_NICE, or leave the memory unbound"},
		// Filters stay: this call comes before the one filtered above.
		{unix.SYS_GET_MEMPOLICY, unix.ENOSYS, Cmd{Mem: MemPolicy{"bind", []int{0}}},
			node + "get_mempolicy: function not implemented" + filteredText},
		{unix.SYS_SCHED_SETAFFINITY, unix.EPERM, Cmd{CPUs: []int{0}},
			"binding it to CPU 0: operation not permitted" + filteredText},
	} {
		if err := refuse(c.call, c.errno); err != nil {
			testpeer.Missing(t, "needs seccomp filters: %v", err)
		}
		c.cmd.Path = "/bin/true"
		_, err := s.Start(&c.cmd)
		var se *StartError
		if !errors.As(err, &se) || se.Error() != "starting /bin/true: "+c.want || se.Status != 125 || se.Err != c.errno {
			t.Errorf(" got %v\nwant starting /bin/true: %s", err, c.want)
		}
	}
	// Who wants nothing does not notice.
	sleeper(t, s, &Cmd{})
}

// refuse makes a system call fail in all threads of this process, for ever.
func refuse(call uintptr, errno unix.Errno) error {
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return e
	}
	return nil
}
