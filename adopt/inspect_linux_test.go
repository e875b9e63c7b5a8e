package adopt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// child starts a program that prints a line when it is ready and ends when its
// input does. The line is returned.
func child(t *testing.T, args ...string) (pid int, line string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v said %q: %v", args, line, err)
	}
	return cmd.Process.Pid, strings.TrimSpace(line)
}

// Files of all kinds in one process, under names that are hard to read.
func TestFiles(t *testing.T) {
	python := testpeer.Need(t, "python3", "python3")
	dir := t.TempDir()
	pid, line := child(t, python, "-c", `
import os, select, sys, ctypes
os.chdir(sys.argv[1])
kept = {}
def keep(name, fd):
    kept[name] = fd
    os.set_inheritable(fd, False)
def file(name, path, flags=os.O_RDWR | os.O_CREAT):
    keep(name, os.open(path, flags, 0o600))
file("appended", "appended", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
file("line break", "a\nb\x1b[2J")
file("deleted", "gone"); os.unlink("gone")
file("called so", "here (deleted)")
file("linked", "one"); os.link("one", "two"); os.unlink("one")
file("not utf", b"\xff\xfe")
file("dir", ".", os.O_RDONLY | os.O_DIRECTORY)
file("null", "/dev/null")
file("zero", "/dev/zero", os.O_RDONLY)
os.write(kept["deleted"], b"12345")
os.lseek(kept["deleted"], 2, 0)
keep("pidfd", os.pidfd_open(os.getppid()))
keep("eventfd", ctypes.CDLL(None).eventfd(7, 0))
e = select.epoll(); e.register(kept["eventfd"]); keep("epoll", e.fileno())
keep("inotify", ctypes.CDLL(None).inotify_init())
keep("memfd", os.memfd_create("a memory"))
r, w = os.pipe2(os.O_NONBLOCK); os.write(w, b"xyz"); keep("read", r); keep("write", w)
print(" ".join("%s=%d" % (k.replace(" ", "_"), v) for k, v in kept.items()), flush=True)
sys.stdin.read()`, dir)
	fds := map[string]int{}
	for _, f := range strings.Fields(line) {
		name, n, _ := strings.Cut(f, "=")
		fds[name], _ = strconv.Atoi(n)
	}
	r := inspect(t, Live(), pid)
	if r.State != "sleeping" && r.State != "running" || r.Cwd != dir || r.Parent == nil || r.Parent.PID != os.Getpid() || len(r.Command) < 3 || r.UID != os.Geteuid() {
		t.Errorf("%+v", r)
	}
	for name, check := range map[string]func(OpenFile) bool{
		"appended": func(f OpenFile) bool {
			return f.Kind == File && slices.Contains(f.Flags, "O_APPEND") && f.Writable && !f.Readable
		},
		"line_break": func(f OpenFile) bool {
			return f.Name == dir+"/a\nb\x1b[2J" && f.Title() == dir+`/a\nb\x1b[2J` && !f.Deleted
		},
		"deleted":   func(f OpenFile) bool { return f.Name == dir+"/gone" && f.Deleted && *f.Offset == 2 && *f.Size == 5 },
		"called_so": func(f OpenFile) bool { return f.Name == dir+"/here (deleted)" && !f.Deleted },
		"linked":    func(f OpenFile) bool { return f.Name == dir+"/one" && f.Deleted },
		"not_utf":   func(f OpenFile) bool { return f.Title() == dir+`/\xff\xfe` },
		"dir":       func(f OpenFile) bool { return f.Kind == Dir && slices.Contains(f.Flags, "O_DIRECTORY") },
		"null":      func(f OpenFile) bool { return f.Kind == Null },
		"zero":      func(f OpenFile) bool { return f.Kind == Device && f.Name == "/dev/zero" },
		"pidfd": func(f OpenFile) bool {
			return f.Kind == Anon && strings.HasPrefix(f.Detail, fmt.Sprintf("of %d (", os.Getpid()))
		},
		"eventfd": func(f OpenFile) bool { return f.Kind == Anon && f.Detail == "count 0x7" },
		"epoll": func(f OpenFile) bool {
			return f.Kind == Anon && f.Detail == fmt.Sprintf("waits for %d", fds["eventfd"])
		},
		"inotify": func(f OpenFile) bool { return f.Kind == Anon && f.Detail == "0 watches" },
		"memfd":   func(f OpenFile) bool { return f.Kind == Memory && f.Name == "/memfd:a memory" && !f.Deleted },
		"read": func(f OpenFile) bool {
			return f.Kind == Pipe && *f.Waiting == 3 && f.Ends[0].FD == fds["write"] && f.Ends[0].Relation == Itself
		},
		"write": func(f OpenFile) bool {
			return *f.Waiting == 3 && slices.Equal(f.Flags, []string{"O_NONBLOCK", "O_CLOEXEC"})
		},
	} {
		if f := r.file(t, fds[name]); !check(f) {
			t.Errorf("%s: %+v, %q", name, f, f.Detail)
		}
	}
}

func TestStates(t *testing.T) {
	pid, _ := child(t, "sh", "-c", "echo; kill -STOP $$; read x")
	eventually(t, "it is stopped", func() bool { return inspect(t, Live(), pid).State == "stopped" })

	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	var err error
	eventually(t, "it is a zombie", func() bool {
		p, e := Live().Open(cmd.Process.Pid)
		if e == nil {
			p.Close()
		}
		err = e
		// For a moment it has ended and is no zombie yet.
		return e != nil && strings.Contains(e.Error(), "has not waited for it")
	})
	if !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// A process that ends while it is looked at is not shown in part.
func TestEnds(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Live().Open(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	table := scan(t, Live())
	cmd.Process.Kill()
	cmd.Wait()
	if r, err := p.Inspect(context.Background(), table); !errors.Is(err, ErrGone) {
		t.Errorf("%+v, %v", r, err)
	}
}

// A pipe that is looked at stays as it was: its reader gets the end when its last
// writer closes it, and its writer is told when its last reader does.
func TestPipeUndisturbed(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				p, err := Live().Open(os.Getpid())
				if err != nil {
					return
				}
				if table, err := Live().Scan(context.Background()); err == nil {
					p.Inspect(context.Background(), table)
				}
				p.Close()
			}
		}
	}()
	if _, err := w.WriteString("all of it"); err != nil {
		t.Error(err)
	}
	time.Sleep(100 * time.Millisecond)
	w.Close()
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	if b, err := io.ReadAll(r); string(b) != "all of it" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	close(stop)
	<-done
}

// /dev/tty is the controlling terminal; its modes are those of that one.
func TestDevTTY(t *testing.T) {
	python := testpeer.Need(t, "python3", "python3")
	pid, line := child(t, python, "-c", `
import os, pty, sys, tty
pid, master = pty.fork()
if pid == 0:
    t = os.open("/dev/tty", os.O_RDWR)
    tty.setraw(t)
    for fd in (0, 1, 2): os.close(fd)
    os.read(t, 1)
    os._exit(0)
while tty.tcgetattr(master)[3] & 2: pass
print(pid, master, flush=True)
sys.stdin.read()`)
	var inner, master int
	if _, err := fmt.Sscan(line, &inner, &master); err != nil {
		t.Fatal(line, err)
	}
	var r *Report
	eventually(t, "it has closed the others", func() bool {
		r = inspect(t, Live(), inner)
		return !slices.ContainsFunc(r.Descriptors, func(f OpenFile) bool { return f.FD == 0 })
	})
	i := slices.IndexFunc(r.Descriptors, func(f OpenFile) bool { return f.Name == "/dev/tty" })
	if i < 0 || r.Descriptors[i].Kind != PTY || len(r.Descriptors[i].Ends) != 1 || r.Descriptors[i].Ends[0].PID != pid || r.Descriptors[i].Ends[0].FD != master {
		t.Fatalf("%+v", r.Descriptors)
	}
	if len(r.Terminals) != 1 || r.Terminals[0].Modes == nil || !r.Terminals[0].Modes.Raw || r.Terminals[0].Foreground == nil || !r.Terminals[0].Foreground.Ours {
		t.Errorf("%+v", r.Terminals)
	}
	if m := inspect(t, Live(), pid).file(t, master); m.Kind != Master || len(m.Ends) != 1 || m.Ends[0].PID != inner {
		t.Errorf("%+v", m)
	}
}

// Two ptys of one number, in two devpts.
func TestOtherDevPTS(t *testing.T) {
	testpeer.NeedRoot(t, "mount a devpts")
	python := testpeer.Need(t, "python3", "python3")
	unshare := testpeer.Need(t, "unshare", "util-linux")
	// Ptys up to a number are opened, and a process sits in the last.
	const open = `
import fcntl, os, struct, sys
want = int(sys.argv[1])
while True:
    master, slave = os.openpty()
    index = struct.unpack("I", fcntl.ioctl(master, 0x80045430, b"0000"))[0]
    if index >= want: break
said = os.pipe()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.dup2(slave, 0)
    os.closerange(3, said[1])
    os.write(said[1], b"x")
    os.closerange(3, 1000)
    try: os.read(0, 1)
    except OSError: pass # the terminal is gone
    os._exit(0)
os.read(said[0], 1)
os.close(slave)
print(pid, master, index, flush=True)
sys.stdin.read()`
	pid1, line := child(t, python, "-c", open, "-1")
	var slave1, master1, index1 int
	if _, err := fmt.Sscan(line, &slave1, &master1, &index1); err != nil {
		t.Fatal(line, err)
	}
	for _, ptmx := range []string{
		"mount --bind /dev/pts/ptmx /dev/ptmx", // the node inside the devpts
		":",                                    // /dev/ptmx, beside /dev/pts
	} {
		pid2, line := child(t, unshare, "-m", "sh", "-c", "mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && "+ptmx+` && exec "$0" "$@"`,
			python, "-c", open, strconv.Itoa(index1))
		var slave2, master2, index2 int
		if _, err := fmt.Sscan(line, &slave2, &master2, &index2); err != nil || index1 != index2 {
			t.Fatal(line, index1, err)
		}
		for _, c := range []struct{ slave, holder, master int }{{slave1, pid1, master1}, {slave2, pid2, master2}} {
			r := inspect(t, Live(), c.slave)
			f := r.file(t, 0)
			if f.Kind != PTY || f.Index != index1 || len(f.Ends) != 1 || f.Ends[0].PID != c.holder || f.Ends[0].FD != c.master {
				t.Errorf("%s: process %d: %+v, wanted %+v", ptmx, c.slave, f, c)
			}
			m := inspect(t, Live(), c.holder).file(t, c.master)
			if m.DevPTS != f.DevPTS || !slices.ContainsFunc(m.Ends, func(e End) bool { return e.PID == c.slave }) ||
				slices.ContainsFunc(m.Ends, func(e End) bool { return e.PID == slave1+slave2-c.slave }) {
				t.Errorf("%s: process %d: %+v", ptmx, c.holder, m)
			}
		}
	}
}

// pack copies what is told of processes into a folder that has the form of a
// /proc.
func pack(t *testing.T, pids ...int) string {
	t.Helper()
	dir := t.TempDir()
	for _, pid := range pids {
		from, to := fmt.Sprintf("/proc/%d", pid), filepath.Join(dir, strconv.Itoa(pid))
		for _, sub := range []string{"fd", "fdinfo", "ns", "net"} {
			if err := os.MkdirAll(filepath.Join(to, sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"stat", "status", "cmdline", "cgroup", "mountinfo", "net/unix", "net/tcp"} {
			if data, err := os.ReadFile(filepath.Join(from, name)); err == nil {
				if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, name := range []string{"exe", "cwd", "ns/net", "ns/mnt"} {
			if link, err := os.Readlink(filepath.Join(from, name)); err == nil {
				os.Symlink(link, filepath.Join(to, name))
			}
		}
		fds, err := os.ReadDir(filepath.Join(from, "fd"))
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			link, err := os.Readlink(filepath.Join(from, "fd", fd.Name()))
			data, err2 := os.ReadFile(filepath.Join(from, "fdinfo", fd.Name()))
			if err == nil && err2 == nil {
				os.Symlink(link, filepath.Join(to, "fd", fd.Name()))
				os.WriteFile(filepath.Join(to, "fdinfo", fd.Name()), data, 0o644)
			}
		}
	}
	return dir
}

// A pipeline on a terminal, packed and looked at later.
func TestPacked(t *testing.T) {
	python := testpeer.Need(t, "python3", "python3")
	holder, line := child(t, python, "-c", `
import os, pty, sys, subprocess
pid, master = pty.fork()
if pid == 0:
    r, w = os.pipe()
    a = subprocess.Popen(["cat"], stdout=w)
    b = subprocess.Popen(["sort"], stdin=r)
    os.close(r); os.close(w)
    print(a.pid, b.pid, flush=True)
    a.wait()
    os._exit(0)
text = b""
while b"\n" not in text: text += os.read(master, 100)
print(pid, master, text.decode().strip(), flush=True)
sys.stdin.read()`)
	var shell, master, cat, sort int
	if _, err := fmt.Sscan(line, &shell, &master, &cat, &sort); err != nil {
		t.Fatal(line, err)
	}
	for _, c := range []struct {
		pid  int
		comm string
	}{{cat, "cat"}, {sort, "sort"}} {
		eventually(t, c.comm+" is there", func() bool {
			st, err := Live().fs.Stat(c.pid)
			return err == nil && st.Comm == c.comm
		})
	}
	s := Packed(pack(t, holder, shell, cat, sort))
	for _, pid := range []int{holder, shell, cat, sort} { // what is packed does not end
		syscall.Kill(pid, syscall.SIGKILL)
	}
	r := inspect(t, s, sort)
	if f := r.file(t, 0); f.Kind != Pipe || len(f.Ends) != 1 || f.Ends[0].PID != cat || f.Ends[0].FD != 1 || f.Ends[0].Relation != Sibling {
		t.Errorf("%+v", f)
	}
	if f := r.file(t, 1); f.Kind != PTY || f.DevPTS == 0 || len(f.Ends) != 1 || f.Ends[0].PID != holder || f.Ends[0].FD != master || f.Ends[0].Relation != Ancestor {
		t.Errorf("%+v", f)
	}
	if len(r.Terminals) != 1 || r.Terminals[0].Foreground == nil || !r.Terminals[0].Foreground.Ours || r.Terminals[0].Modes != nil {
		t.Errorf("%+v", r.Terminals)
	}
	p, err := s.Open(cat)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	plumbing, err := p.Plumbing(context.Background(), scan(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if len(plumbing.Processes) != 2 || plumbing.Processes[0].PID != cat || !plumbing.Processes[0].Asked || plumbing.Processes[1].PID != sort || len(plumbing.Links) != 1 {
		t.Errorf("%+v", plumbing)
	}
}

// Somebody else's process: what everybody may see, and why not more.
func TestRefused(t *testing.T) {
	if testpeer.AsNobody(t) {
		return
	}
	r := inspect(t, Live(), 1)
	if r.Refusal == nil || r.Refusal.Right != RightUser || len(r.Descriptors) != 0 || r.Comm == "" || !slices.Contains(r.Unseen, 1) {
		t.Errorf("%+v", r)
	}
}

func BenchmarkScan(b *testing.B) {
	for b.Loop() {
		if _, err := Live().Scan(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
