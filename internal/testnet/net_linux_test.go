package testnet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// leaveEnv makes the test binary a test that is killed: see TestLeftoversAreSwept.
const leaveEnv = "SLUICE_TESTNET_LEAVE"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}

// lives tells whether a process runs; one that nobody has waited for does not.
func lives(pid int) bool {
	stat, err := proc.Stat(pid)
	return err == nil && !stat.Dead()
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

func TestCommandIsOnItsMachine(t *testing.T) {
	n := New(t, "a", "b-long.name")
	b := n.Host("b-long.name")
	dir := t.TempDir()
	cmd := b.Command(t.Context(), "sh", "-c", `uname -n; pwd; echo "$1|$X"; id -u; getent hosts a; getent hosts b-long.name; getent ahostsv4 localhost | head -1; ls /sys/fs/cgroup | cksum; cat /proc/self/cgroup`, "sh", "one  arg")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "X=y z")
	groups := output(t, exec.Command("sh", "-c", "ls /sys/fs/cgroup | cksum; cat /proc/self/cgroup"))
	fields := strings.Split(output(t, cmd), "\n")
	for i, f := range fields {
		fields[i] = strings.Join(strings.Fields(f), " ")
	}
	want := []string{"b-long.name", dir, "one arg|y z", "0",
		n.Host("a").Addr().String() + " a", b.Addr().String() + " b-long.name", "127.0.0.1 STREAM localhost"}
	want = append(want, strings.Split(groups, "\n")...)
	if !slices.Equal(fields, want) {
		t.Errorf("got  %q\nwant %q", fields, want)
	}
	if here, _ := os.Hostname(); here == "b-long.name" {
		t.Error("the test's own machine is renamed")
	}
}

func TestCommandIsTheProcess(t *testing.T) {
	n := New(t, "a", "b")
	a := n.Host("a")
	cmd := a.Command(t.Context(), "sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	eventually(t, "the process is sleep", func() bool {
		stat, err := proc.Stat(pid)
		return err == nil && stat.Comm == "sleep" && stat.PGrp == pid
	})
	if got := a.Processes(); !slices.Equal(got, []int{pid}) {
		t.Errorf("processes %v, want %d only", got, pid)
	}
	if got := n.Host("b").Processes(); len(got) > 0 {
		t.Errorf("processes on b: %v", got)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got := a.Processes(); len(got) > 0 {
		t.Errorf("processes after the end: %v", got)
	}

	missing := a.Command(t.Context(), "no-such-program")
	out, _ := missing.CombinedOutput()
	if missing.ProcessState.ExitCode() != 127 || !strings.Contains(string(out), "no-such-program") {
		t.Errorf("a missing program: %v\n%s", missing.ProcessState, out)
	}
}

func TestContextEndsCommand(t *testing.T) {
	n := New(t, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cmd := n.Host("a").Command(ctx, "sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := cmd.Wait(); err == nil || len(n.Host("a").Processes()) > 0 {
		t.Errorf("%v; left: %v", err, n.Host("a").Processes())
	}
}

// Do ends the test that it is asked to end, and what was deferred happens.
func TestDoMayEndTheTest(t *testing.T) {
	n := New(t, "a")
	went, deferred := false, false
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { deferred = true }()
		n.Host("a").Do(t, func() {
			if name, _ := os.Hostname(); name == "a" {
				runtime.Goexit() // as Fatal and Skip do
			}
		})
		went = true
	}()
	<-ended
	if went || !deferred {
		t.Errorf("went on: %v, deferred: %v", went, deferred)
	}
}

// listen opens a TCP socket on a machine.
func listen(t *testing.T, h *Host) net.Listener {
	t.Helper()
	var l net.Listener
	h.Do(t, func() {
		var err error
		if l, err = net.Listen("tcp", net.JoinHostPort(h.Addr().String(), "0")); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { l.Close() })
	return l
}

// connect makes a TCP connection from a machine to another.
func connect(t *testing.T, from, to *Host) (client, server net.Conn) {
	t.Helper()
	l := listen(t, to)
	from.Do(t, func() {
		var err error
		if client, err = net.DialTimeout("tcp", l.Addr().String(), 20*time.Second); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { client.Close() })
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

// flow has UDP go from one machine to another: send sends a number, and the
// numbers that arrive come out of the channel.
func flow(t *testing.T, from, to *Host) (send func(int), got <-chan int) {
	t.Helper()
	var in net.PacketConn
	to.Do(t, func() {
		var err error
		if in, err = net.ListenPacket("udp4", net.JoinHostPort(to.Addr().String(), "0")); err != nil {
			t.Fatal(err)
		}
	})
	raw, err := in.(*net.UDPConn).SyscallConn()
	if err == nil { // a burst needs more than a user may have
		err = raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) })
	}
	if err != nil {
		t.Fatal(err)
	}
	var out net.Conn
	from.Do(t, func() {
		var err error
		if out, err = net.Dial("udp4", in.LocalAddr().String()); err != nil {
			t.Fatal(err)
		}
	})
	numbers := make(chan int, 10000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 100)
		for {
			size, _, err := in.ReadFrom(b)
			if err != nil {
				return
			}
			i, _ := strconv.Atoi(string(b[:size]))
			numbers <- i
		}
	}()
	t.Cleanup(func() { in.Close(); out.Close(); <-done })
	return func(i int) { out.Write([]byte(strconv.Itoa(i))) }, numbers
}

// next is the next number that arrives.
func next(t *testing.T, got <-chan int) int {
	t.Helper()
	select {
	case i := <-got:
		return i
	case <-time.After(20 * time.Second):
		t.Fatal("nothing arrives")
		return 0
	}
}

func TestNamesReachMachines(t *testing.T) {
	n := New(t, "a", "b", "c")
	l := listen(t, n.Host("c"))
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, from := range []string{"a", "b", "c"} {
		cmd := n.Host(from).Command(t.Context(), "bash", "-c", `exec 3<>/dev/tcp/c/`+port+`; echo "$HOSTNAME" >&3`)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		line, err := io.ReadAll(c)
		c.Close()
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil || string(line) != from+"\n" || host != n.Host(from).Addr().String() {
			t.Errorf("%s from %s: %q, %v", from, host, line, err)
		}
	}
}

// Two Nets do not see each other, whatever they have in common.
func TestNetsAreApart(t *testing.T) {
	one, two := New(t, "a"), New(t, "a")
	if one.Host("a").Addr() == two.Host("a").Addr() {
		t.Errorf("both have %v", one.Host("a").Addr())
	}
	l := listen(t, two.Host("a"))
	one.Host("a").Do(t, func() {
		if c, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
			c.Close()
			t.Error("connected")
		}
	})
}

func TestPowerOffIsSilent(t *testing.T) {
	t.Parallel()
	n := New(t, "a", "b")
	a, b := n.Host("a"), n.Host("b")
	l := listen(t, a)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	// peer is a connection from a process on b, which has children.
	peer := func() (net.Conn, *exec.Cmd) {
		cmd := b.Command(t.Context(), "bash", "-c", `sleep 1000 & exec 3<>/dev/tcp/a/`+port+`; echo ready >&3; read x <&3`)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if line, err := bufio.NewReader(c).ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return c, cmd
	}
	end := func(c net.Conn, wait time.Duration) error {
		c.SetReadDeadline(time.Now().Add(wait))
		_, err := c.Read(make([]byte, 1))
		return err
	}

	// A process that is killed is a thing that its kernel tells of.
	killed, cmd := peer()
	cmd.Process.Kill()
	cmd.Wait()
	if err := end(killed, 20*time.Second); err == nil || os.IsTimeout(err) {
		t.Errorf("killed: %v", err)
	}

	off, cmd := peer()
	b.PowerOff()
	if left := b.Processes(); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	cmd.Wait()
	if ws := cmd.ProcessState.Sys().(interface{ Signal() unix.Signal }); ws.Signal() != unix.SIGKILL {
		t.Errorf("it ended by %v", cmd.ProcessState)
	}
	if err := end(off, 2*time.Second); !os.IsTimeout(err) {
		t.Errorf("after the power went: %v", err)
	}
	n.Heal("b")
	a.Do(t, func() {
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(b.Addr().String(), "1"), time.Second); !os.IsTimeout(err) {
			t.Errorf("dialing a machine without power: %v, %v", c, err)
		}
	})
}

func TestNothingRemains(t *testing.T) {
	fds := func() int {
		all, err := proc.FDs(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	New(t, "warm-up") // the runtime opens descriptors of its own
	before := fds()
	var dir string
	var pids []int
	t.Run("net", func(t *testing.T) {
		n := New(t, "a", "b")
		dir = n.dir
		for _, h := range n.hosts {
			// One that takes no notice of signals, in a session of its own.
			cmd := h.Command(t.Context(), "sh", "-c", `trap "" TERM HUP INT; setsid sleep 1000 & sleep 1000; sleep 1000`)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { go cmd.Wait() }()
			eventually(t, "three processes", func() bool { return len(h.Processes()) == 3 })
			pids = append(pids, h.Processes()...)
		}
		n.SetFaults("", "", Faults{Delay: time.Hour})
		send, _ := flow(t, n.hosts[0], n.hosts[1])
		send(1)
	})
	for _, pid := range pids {
		if lives(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is left", dir)
	}
	eventually(t, "all descriptors closed", func() bool { return fds() <= before })
}

func TestLeftoversAreSwept(t *testing.T) {
	if os.Getenv(leaveEnv) != "" {
		n := New(t, "a")
		cmd := n.Host("a").Command(context.Background(), "sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "sleep sleeps", func() bool { stat, err := proc.Stat(cmd.Process.Pid); return err == nil && stat.Comm == "sleep" })
		fmt.Println("left:", cmd.Process.Pid, n.dir)
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	alive := New(t, "a") // ours stays
	stays := alive.Host("a").Command(t.Context(), "sleep", "1000")
	if err := stays.Start(); err != nil {
		t.Fatal(err)
	}
	defer stays.Wait()
	defer stays.Process.Kill()

	cmd := exec.Command("/proc/self/exe", "-test.run=^TestLeftoversAreSwept$")
	cmd.Env = append(os.Environ(), leaveEnv+"=1")
	out, _ := cmd.Output() // it is killed
	var pid int
	var dir string
	_, line, _ := strings.Cut(string(out), "left: ")
	if _, err := fmt.Sscan(line, &pid, &dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	defer unix.Kill(pid, unix.SIGKILL)
	if _, err := os.Stat(dir); err != nil || !lives(pid) {
		t.Fatalf("the killed test left nothing: %v", err)
	}
	New(t, "b")
	eventually(t, "what was left has ended", func() bool { return !lives(pid) })
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is left", dir)
	}
	if _, err := os.Stat(filepath.Join(alive.dir, "hosts")); err != nil || !lives(stays.Process.Pid) {
		t.Errorf("a living test lost its own: %v", err)
	}
}

func FuzzOrphan(f *testing.F) {
	own, err := dirPrefix(os.Getpid())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "/tmp/" + own + "123/hosts", "/tmp/sluice-testnet-1-0-5//deleted", dirName, dirName + "x-1", dirName + "999999999999999999999-1-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if orphan(path) && !strings.Contains(path, dirName) {
			t.Errorf("%q would be removed", path)
		}
		if orphan("/tmp/" + own + strings.ReplaceAll(path, "/", "") + "/hosts") {
			t.Error("our own would be removed")
		}
	})
}
