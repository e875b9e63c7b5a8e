//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// chatty prints chattyLines lines when it is told to, and exits with 7. Its arguments are
// a FIFO with orders, "LINES PAUSE" each, and how many threads print.
const chatty = `
import os, sys, threading, time, signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
orders, threads, pidfile = open(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
open(pidfile + ".new", "w").write(str(os.getpid()))
os.rename(pidfile + ".new", pidfile)
done = 0
def lines(t, first, n, pause):
    for i in range(first, first + n):
        os.write(1, b"out %d %d\n" % (t, i))
        if i % 10 == 0: os.write(2, b"err %d %d\n" % (t, i))
        if pause: time.sleep(pause)
for order in orders:
    n, pause = order.split()
    n = int(n)
    if threads == 1: lines(0, done, n, float(pause))
    else:
        all = [threading.Thread(target=lines, args=(t, done, n, float(pause))) for t in range(threads)]
        for t in all: t.start()
        for t in all: t.join()
    done += n
    open(pidfile + ".done", "w").write(str(done))
sys.exit(7)
`

// chattyTarget is a chatty that somebody else has started.
type chattyTarget struct {
	w       *world
	cmd     *exec.Cmd
	python  string
	orders  *os.File
	pid     int
	pidfile string
	said    int
}

// newChatty starts one; start gets the command and says where its output goes.
func newChatty(t *testing.T, w *world, threads int, start func(c *chattyTarget)) *chattyTarget {
	t.Helper()
	c := &chattyTarget{w: w, python: systemPython(t), pidfile: w.path("pid")}
	fifo := w.path("orders")
	if err := unix.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	os.Chmod(fifo, 0o666)
	program := writeFile(t, w.path("chatty.py"), chatty, 0o644)
	c.cmd = exec.Command(c.python, program, fifo, fmt.Sprint(threads), c.pidfile)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	start(c)
	var err error
	// Opening it for reading as well does not wait for the other side.
	if c.orders, err = os.OpenFile(fifo, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.orders.Close()
		if c.cmd.ProcessState == nil {
			if c.pid != 0 {
				syscall.Kill(c.pid, syscall.SIGKILL)
			}
			c.cmd.Process.Kill()
			c.cmd.Wait()
		}
	})
	eventually(t, "the target to begin", func() bool {
		b, _ := os.ReadFile(c.pidfile)
		c.pid, _ = strconv.Atoi(string(b))
		return c.pid != 0
	})
	return c
}

// systemPython is one that every user may execute: not one below a home directory.
func systemPython(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("/usr/bin/python3"); err == nil {
		return path
	}
	return testpeer.NeedPython(t, "threading", "python3")
}

// say has it print n lines (of each thread), and waits for that.
func (c *chattyTarget) say(n int, pause float64) {
	c.w.t.Helper()
	c.order(n, pause)
	eventually(c.w.t, "the target to have printed", func() bool {
		b, _ := os.ReadFile(c.pidfile + ".done")
		return string(b) == fmt.Sprint(c.said)
	})
}

func (c *chattyTarget) order(n int, pause float64) {
	c.w.t.Helper()
	c.said += n
	if _, err := fmt.Fprintln(c.orders, n, pause); err != nil {
		c.w.t.Fatal(err)
	}
}

// end has it end by itself.
func (c *chattyTarget) end() int {
	c.w.t.Helper()
	c.orders.Close()
	c.cmd.Wait()
	return statusOf(c.cmd.ProcessState)
}

// chattyLines are the lines from first up to end.
func chattyLines(name string, first, end, every int) string {
	var b strings.Builder
	for i := first; i < end; i++ {
		if i%every == 0 {
			fmt.Fprintf(&b, "%s 0 %d\n", name, i)
		}
	}
	return b.String()
}

// watching is a sluice watch that has begun to.
func (w *world) watching(pid int, args ...string) *started {
	w.t.Helper()
	s := w.start(append([]string{"watch", fmt.Sprint(pid)}, args...)...)
	eventually(w.t, "the watching to begin", func() bool {
		select {
		case <-s.done:
			w.t.Fatalf("it ended: %s", s.err)
		default:
		}
		return strings.Contains(s.err.String(), ": watched by ")
	})
	return s
}

// chattyOutputs are where a target's stdout goes. read returns what its reader got after
// the target has ended.
var chattyOutputs = map[string]func(t *testing.T, c *chattyTarget) (read func() string){
	"file": func(t *testing.T, c *chattyTarget) func() string {
		f, err := os.OpenFile(c.w.path("out"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(f.Name(), 0o666)
		c.cmd.Stdout = f
		c.startNow(t)
		return func() string { b, _ := os.ReadFile(f.Name()); f.Close(); return string(b) }
	},
	"deleted": func(t *testing.T, c *chattyTarget) func() string {
		f, err := os.Create(c.w.path("out"))
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(f.Name(), 0o666)
		c.cmd.Stdout = f
		c.startNow(t)
		os.Remove(f.Name())
		return func() string {
			b, _ := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
			f.Close()
			return string(b)
		}
	},
	"pipe": func(t *testing.T, c *chattyTarget) func() string { return chattyPiped(t, c, "cat") },
	"slow": func(t *testing.T, c *chattyTarget) func() string {
		return chattyPiped(t, c, `i=0; while read -r line; do echo "$line"; i=$((i+1)); [ $((i % 50)) != 0 ] || sleep 0.02; done`)
	},
	"pty": func(t *testing.T, c *chattyTarget) func() string {
		script := testpeer.Need(t, "script", "bsdutils")
		inner := strings.Join(c.cmd.Args, " ")
		log := c.w.path("typescript")
		as := c.cmd.SysProcAttr
		c.cmd = exec.Command(script, "--quiet", "--return", "--flush", "--command", inner+" 2>/dev/null", log)
		c.cmd.SysProcAttr = as
		c.startNow(t)
		return func() string {
			b, _ := os.ReadFile(log)
			var lines strings.Builder
			for line := range strings.Lines(strings.ReplaceAll(string(b), "\r", "")) {
				if strings.HasPrefix(line, "out ") {
					lines.WriteString(line)
				}
			}
			return lines.String()
		}
	},
	"socket": func(t *testing.T, c *chattyTarget) func() string {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		its := os.NewFile(uintptr(pair[1]), "its")
		c.cmd.Stdout = its
		c.startNow(t)
		its.Close()
		ours := os.NewFile(uintptr(pair[0]), "ours")
		conn, err := net.FileConn(ours)
		ours.Close()
		if err != nil {
			t.Fatal(err)
		}
		all := make(chan string, 1)
		go func() {
			var b strings.Builder
			r := bufio.NewReader(conn)
			r.WriteTo(&b)
			conn.Close()
			all <- b.String()
		}()
		return func() string { return <-all }
	},
}

// chattyPiped has a shell command read the target's stdout into a file.
func chattyPiped(t *testing.T, c *chattyTarget, command string) func() string {
	t.Helper()
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.w.as != nil { // as if it had made the pipe
		r.Chown(int(c.w.as.Uid), int(c.w.as.Gid))
	}
	f, err := os.Create(c.w.path("read"))
	if err != nil {
		t.Fatal(err)
	}
	reader := exec.Command("sh", "-c", command)
	reader.Stdin, reader.Stdout = r, f
	reader.SysProcAttr = c.cmd.SysProcAttr
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Process.Kill(); reader.Wait() })
	c.cmd.Stdout = out
	c.startNow(t)
	r.Close()
	out.Close()
	return func() string {
		reader.Wait()
		f.Close()
		b, _ := os.ReadFile(f.Name())
		return string(b)
	}
}

func (c *chattyTarget) startNow(t *testing.T) {
	t.Helper()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// times is how often a test does over and over what must go well each time: n times
// when strict.
func times(n int) int {
	if testpeer.Strict() {
		return n
	}
	return n / 10
}

// watchUsers are who watches what is their own.
func watchUsers(t *testing.T, each func(t *testing.T, w *world, user string)) {
	for _, user := range []string{"root", "nobody"} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if user == "root" {
				testpeer.NeedRoot(t, "watch as root")
			} else if os.Geteuid() == 0 {
				w.become(&syscall.Credential{Uid: 65534, Gid: 65534})
			}
			each(t, w, user)
		})
	}
}

// waysTo are the exact ways to watch an output, "" being what is taken by itself.
func waysTo(output, user string) []string {
	ways := []string{"", "ptrace"}
	if user == "root" {
		ways = append(ways, "bpf")
	}
	if output == "file" || output == "deleted" {
		ways = append(ways, "file")
	}
	return ways
}

// From the beginning of the watching on every line appears once, and the target, its
// reader and its exit status are as without.
func TestWatch(t *testing.T) {
	thorough(t)
	for output, open := range chattyOutputs {
		t.Run(output, func(t *testing.T) {
			t.Parallel()
			watchUsers(t, func(t *testing.T, w *world, user string) {
				for _, way := range waysTo(output, user) {
					name := way
					if way == "" {
						name = "auto"
					}
					t.Run(name, func(t *testing.T) {
						inner := newWorld(t)
						if w.as != nil {
							inner.become(w.as)
						}
						watchOnce(t, inner, way, open)
					})
				}
			})
		})
	}
}

func watchOnce(t *testing.T, w *world, way string, open func(*testing.T, *chattyTarget) func() string) {
	var read func() string
	c := newChatty(t, w, 1, func(c *chattyTarget) { read = open(t, c) })
	c.say(50, 0)
	args := []string{"--stdout"}
	if way != "" {
		args = append(args, "--via", way)
	}
	s := w.watching(c.pid, args...)
	c.say(100, 0.001)
	c.say(times(1000), 0)
	if status := c.end(); status != 7 {
		t.Errorf("the target's exit status is %d", status)
	}
	if status := s.end(); status != 0 {
		t.Errorf("watch's exit status is %d: %s", status, s.err)
	}
	if got, want := s.out.String(), chattyLines("out", 50, c.said, 1); got != want {
		t.Errorf("watched:\n%s\n%s", clip(got), s.err)
	}
	if got, want := read(), chattyLines("out", 0, c.said, 1); got != want {
		t.Errorf("its reader got:\n%s", clip(got))
	}
}

// Each of the streams goes where the program's own goes; --json has both.
func TestWatchBoth(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, user string) {
		c := newChatty(t, w, 1, func(c *chattyTarget) {
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			c.cmd.Stderr = null
			chattyOutputs["pipe"](t, c)
		})
		s := w.watching(c.pid)
		eventually(t, "both", func() bool { return strings.Count(s.err.String(), ": watched by") == 2 })
		before := len(s.err.String())
		var j *started
		if user == "root" { // a second one: no tracer stands in the way
			j = w.watching(c.pid, "--json")
		}
		c.say(100, 0)
		c.end()
		s.end()
		if got := s.out.String(); got != chattyLines("out", 0, 100, 1) {
			t.Errorf("%s", clip(got))
		}
		if got := s.err.String()[before:]; !strings.HasPrefix(got, chattyLines("err", 0, 100, 10)) && user == "root" {
			t.Errorf("%s", clip(got))
		}
		if j == nil {
			return
		}
		j.end()
		var out, err strings.Builder
		for line := range strings.Lines(j.out.String()) {
			var o struct {
				FD   int
				Data string
				Time string
			}
			if err := json.Unmarshal([]byte(line), &o); err != nil || o.Time == "" {
				t.Fatalf("%q: %v", line, err)
			}
			map[int]*strings.Builder{1: &out, 2: &err}[o.FD].WriteString(o.Data)
		}
		if out.String() != chattyLines("out", 0, 100, 1) || err.String() != chattyLines("err", 0, 100, 10) {
			t.Errorf("%s", clip(j.out.String()))
		}
	})
}

func TestWatchThreads(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, user string) {
		for _, way := range waysTo("pipe", user)[1:] {
			t.Run(way, func(t *testing.T) {
				inner := newWorld(t)
				if w.as != nil {
					inner.become(w.as)
				}
				c := newChatty(t, inner, 4, func(c *chattyTarget) { chattyOutputs["pipe"](t, c) })
				s := inner.watching(c.pid, "--stdout", "--via", way)
				c.say(200, 0.0005) // threads that begin after the watching
				c.say(200, 0)
				if status := c.end(); status != 7 {
					t.Errorf("the target's exit status is %d", status)
				}
				s.end()
				next := make([]int, 4)
				for line := range strings.Lines(s.out.String()) {
					var th, i int
					if _, err := fmt.Sscanf(line, "out %d %d\n", &th, &i); err != nil || next[th] != i {
						t.Fatalf("%q after %v: %v", line, next, err)
					}
					next[th]++
				}
				if !slices.Equal(next, []int{400, 400, 400, 400}) {
					t.Errorf("%v\n%s", next, s.err)
				}
			})
		}
	})
}

// tee(2) alone sees everything as long as the reader takes nothing.
func TestWatchTee(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, _ string) {
		c := newChatty(t, w, 1, func(c *chattyTarget) { chattyPiped(t, c, "exec sleep 100") })
		s := w.watching(c.pid, "--stdout", "--via", "tee")
		c.say(1000, 0)
		eventually(t, "the lines", func() bool { return s.out.String() == chattyLines("out", 0, 1000, 1) })
		s.Process.Signal(syscall.SIGINT)
		if status := s.end(); status != 0 {
			t.Errorf("exit status %d: %s", status, s.err)
		}
	})
}

// Nobody reads what it shows: then a second signal ends it, and the target goes on.
func TestWatchUnread(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, user string) {
		for _, way := range waysTo("null", user) {
			t.Run("via"+way, func(t *testing.T) {
				cmd := exec.Command("cat", "/dev/zero") // to /dev/null
				if w.as != nil {
					cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				defer func() { cmd.Process.Kill(); cmd.Wait() }()
				named(t, cmd.Process.Pid, "cat")
				r, out, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				args := []string{"watch", fmt.Sprint(cmd.Process.Pid), "--stdout"}
				if way != "" {
					args = append(args, "--via", way)
				}
				s := w.startWith(func(c *exec.Cmd) { c.Stdout = out }, args...)
				out.Close()
				eventually(t, "the pipe to be full", func() bool {
					n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
					return err == nil && n == 65536
				})
				eventually(t, "it to end by signals", func() bool {
					s.Process.Signal(syscall.SIGINT)
					select {
					case <-s.done:
						return true
					default:
						return false
					}
				})
				status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
				if err != nil || !strings.Contains(string(status), "TracerPid:\t0") {
					t.Errorf("the target: %v %s", err, status)
				}
			})
		}
	})
}

// The reader's end is the writer's SIGPIPE, whoever looks on.
func TestWatchSIGPIPE(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, user string) {
		for _, way := range append(waysTo("pipe", user), "tee") {
			t.Run("via"+way, func(t *testing.T) {
				inner := newWorld(t)
				if w.as != nil {
					inner.become(w.as)
				}
				c := newChatty(t, inner, 1, func(c *chattyTarget) { chattyPiped(t, c, "head -n 200 >/dev/null") })
				args := []string{"--stdout"}
				if way != "" {
					args = append(args, "--via", way)
				}
				s := inner.watching(c.pid, args...)
				c.order(1_000_000, 0.001)
				c.cmd.Wait()
				if status := statusOf(c.cmd.ProcessState); status != 128+int(syscall.SIGPIPE) {
					t.Errorf("the target's exit status is %d", status)
				}
				if status := s.end(); status != 0 {
					t.Errorf("exit status %d: %s", status, s.err)
				}
			})
		}
	})
}

// A file that is truncated, and another one in its place.
func TestWatchRotated(t *testing.T) {
	watchUsers(t, func(t *testing.T, w *world, _ string) {
		c := newChatty(t, w, 1, func(c *chattyTarget) { chattyOutputs["file"](t, c) })
		s := w.watching(c.pid, "--stdout", "--via", "file")
		c.say(10, 0)
		eventually(t, "the first lines", func() bool { return s.out.String() == chattyLines("out", 0, 10, 1) })
		if err := os.Truncate(w.path("out"), 0); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the word about it", func() bool { return strings.Contains(s.err.String(), "truncated") })
		if err := os.Rename(w.path("out"), w.path("out.1")); err != nil {
			t.Fatal(err)
		}
		c.say(10, 0)
		eventually(t, "the other lines", func() bool { return s.out.String() == chattyLines("out", 0, 20, 1) })
		s.Process.Signal(syscall.SIGTERM)
		if status := s.end(); status != 0 {
			t.Errorf("exit status %d: %s", status, s.err)
		}
		c.say(10, 0)
	})
}

func TestWatchRefused(t *testing.T) {
	testpeer.NeedRoot(t, "be two users")
	w := newWorld(t)
	w.become(&syscall.Credential{Uid: 65534, Gid: 65534})
	c := newChatty(t, w, 1, func(c *chattyTarget) { chattyOutputs["pipe"](t, c) })
	other := newWorld(t)
	other.become(&syscall.Credential{Uid: 65533, Gid: 65533})
	for _, way := range []string{"", "bpf", "ptrace", "tee", "file"} {
		args := []string{"watch", fmt.Sprint(c.pid)}
		if way != "" {
			args = append(args, "--via", way)
		}
		if r := other.run(args...); r.status != 1 || !strings.Contains(r.stderr, "user") || r.stdout != "" {
			t.Errorf("%v: %d %s", args, r.status, r.stderr)
		}
	}
	// What does not fit, as the same user.
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{fmt.Sprint(c.pid), "--via", "file"}, 1, "no file"},
		{[]string{fmt.Sprint(c.pid), "--via", "bpf", "--stdout"}, 1, "CAP_BPF"},
		{[]string{fmt.Sprint(c.pid), "--fd", "77"}, 1, "no descriptor 77 open"},
		{[]string{fmt.Sprint(c.pid), "--fd", "-1"}, 2, "no descriptor"},
		{[]string{fmt.Sprint(c.pid), "--via", "magic"}, 2, "none of file, bpf, ptrace, tee"},
		{[]string{"4194305"}, 2, "there is none"},
		{[]string{"x"}, 2, "not the number of a process"},
		{nil, 2, "one PID"},
	} {
		if r := w.run(append([]string{"watch"}, c.args...)...); r.status != c.status || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%v: %d %s", c.args, r.status, r.stderr)
		}
	}
	if got, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(c.pid), "status")); err != nil || !strings.Contains(string(got), "TracerPid:\t0") {
		t.Errorf("the target: %v %s", err, got)
	}
}
