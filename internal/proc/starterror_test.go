//go:build linux

package proc

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

func write(t testing.TB, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// elfWith is a 64-bit ELF head with a loader, for our machine or another.
func elfWith(machine uint16, loader string) string {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	b[16], b[18], b[19], b[20] = 2, byte(machine), byte(machine>>8), 1
	b[32], b[52], b[54], b[56] = 64, 64, 56, 1
	b[64] = 3
	b[64+8] = byte(len(b))
	b[64+32], b[64+40] = byte(len(loader)+1), byte(len(loader)+1)
	return string(b) + loader + "\x00"
}

// TestStartErrors: what Start says, word by word ({} is the test's directory),
// and that Check says the same beforehand where it can know.
func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("plain"), "echo hello\n", 0o600)
	write(t, in("pyton"), "#!/usr/bin/pyton -u\n", 0o700)
	write(t, in("dos"), "#!/bin/sh\r\necho hello\r\n", 0o700)
	write(t, in("nest"), "#!"+in("plain")+"\n", 0o700)
	write(t, in("nest2"), "#!"+in("pyton")+"\n", 0o700)
	write(t, in("foreign"), elfWith(243, "/lib/ld"), 0o700)
	write(t, in("musl"), elfWith(ownMachine(), "/lib/ld-nowhere.so.1"), 0o700)
	write(t, in("junk"), "\x00\x01\x02junk", 0o700)
	write(t, in("object"), elfWith(ownMachine(), "")[:64], 0o700)
	write(t, in("script"), "#!/bin/sh\n", 0o700)
	if err := os.Symlink("circle", in("circle")); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 200_000)

	for _, c := range []struct {
		name   string
		cmd    Cmd
		status int
		err    error
		want   string
		unseen bool // Check cannot know
	}{
		{"missing", Cmd{Path: in("none")}, 127, unix.ENOENT, "starting {}/none: no such file or directory", false},
		{"missing in dir", Cmd{Path: "none", Dir: dir}, 127, unix.ENOENT, "starting none: no such file or directory", false},
		{"below a file", Cmd{Path: in("plain/x")}, 127, unix.ENOTDIR, "starting {}/plain/x: not a directory", false},
		{"circle", Cmd{Path: in("circle")}, 126, unix.ELOOP, "starting {}/circle: too many levels of symbolic links", false},
		{"directory", Cmd{Path: dir}, 126, unix.EACCES, "starting {}: it is a directory", false},
		{"device", Cmd{Path: "/dev/null"}, 126, unix.EACCES, "starting /dev/null: it is not a regular file", false},
		{"no x", Cmd{Path: in("plain")}, 126, unix.EACCES,
			"starting {}/plain: no permission to execute it; make it executable: chmod +x {}/plain", false},
		{"no cwd", Cmd{Path: "/bin/true", Dir: in("nodir")}, 126, unix.ENOENT,
			"starting /bin/true: its working directory {}/nodir: no such file or directory", false},
		{"cwd a file", Cmd{Path: "/bin/true", Dir: in("plain")}, 126, unix.ENOTDIR,
			"starting /bin/true: its working directory {}/plain is not a directory", false},
		{"interpreter", Cmd{Path: in("pyton")}, 127, unix.ENOENT,
			`starting {}/pyton: its interpreter "/usr/bin/pyton": no such file or directory; its first line is "#!/usr/bin/pyton -u"`, false},
		{"DOS", Cmd{Path: in("dos")}, 127, unix.ENOENT,
			`starting {}/dos: its interpreter "/bin/sh\r": no such file or directory; its first line ends in a carriage return (DOS line ends): sed -i 's/\r$//' {}/dos`, false},
		{"interpreter no x", Cmd{Path: in("nest")}, 126, unix.EACCES,
			`starting {}/nest: its interpreter "{}/plain": no permission to execute it; its first line is "#!{}/plain"`, false},
		{"interpreter's interpreter", Cmd{Path: in("nest2")}, 127, unix.ENOENT,
			`starting {}/nest2: its interpreter "/usr/bin/pyton": no such file or directory; its first line is "#!/usr/bin/pyton -u"`, false},
		{"foreign", Cmd{Path: in("foreign")}, 126, unix.ENOEXEC,
			"starting {}/foreign: it is built for RISC-V, this machine is " + elfMachine(ownMachine()), true},
		{"loader", Cmd{Path: in("musl")}, 127, unix.ENOENT,
			"starting {}/musl: its loader /lib/ld-nowhere.so.1: no such file or directory; it was built for another C library: install that, or build it statically", false},
		{"junk", Cmd{Path: in("junk")}, 126, unix.ENOEXEC, "starting {}/junk: it is neither a program for this machine nor a script", false},
		{"object", Cmd{Path: in("object")}, 126, unix.ENOEXEC,
			"starting {}/object: it is damaged, or no program but a library or an object file", true},
		{"long argument", Cmd{Path: "/bin/true", Args: []string{"true", "a", long}}, 126, unix.E2BIG,
			"starting /bin/true: argument 2 has 200000 bytes, the kernel takes at most 131071 in one; pass it in a file", true},
		{"long variable", Cmd{Path: "/bin/true", Env: []string{"A=1", "BIG=" + long}}, 126, unix.E2BIG,
			"starting /bin/true: environment variable BIG has 200004 bytes, the kernel takes at most 131071 in one; pass it in a file", true},
		{"NUL argument", Cmd{Path: "/bin/true", Args: []string{"true", "a\x00b"}}, 125, unix.EINVAL,
			"starting /bin/true: argument 1 contains a NUL byte", true},
		{"NUL variable", Cmd{Path: "/bin/true", Env: []string{"A=\x00"}}, 125, unix.EINVAL,
			`starting /bin/true: environment variable "A" contains a NUL byte`, true},
		{"limit name", Cmd{Path: "/bin/true", Rlimits: []job.Rlimit{{Name: "sockets"}}}, 125, unix.EINVAL,
			`starting /bin/true: there is no resource limit called "sockets"`, true},
		{"limit order", Cmd{Path: "/bin/true", Rlimits: []job.Rlimit{{Name: "core"}, {Name: "fsize", Soft: 9, Hard: 5}}}, 125, unix.EINVAL,
			"starting /bin/true: setting limit fsize to 9:5: invalid argument; the soft limit must not be above the hard one", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSpawner(t, SpawnerOptions{})
			check := func(how string, err error) {
				t.Helper()
				var se *StartError
				if !errors.As(err, &se) {
					t.Fatalf("%s: %v, want a StartError", how, err)
				}
				if got := strings.ReplaceAll(se.Error(), dir, "{}"); got != c.want {
					t.Errorf("%s:\n got %s\nwant %s", how, got, c.want)
				}
				if se.Status != c.status || !errors.Is(err, c.err) {
					t.Errorf("%s: status %d, %v; want %d, %v", how, se.Status, se.Err, c.status, c.err)
				}
			}
			_, err := s.Start(&c.cmd)
			check("Start", err)
			if err := Check(c.cmd.Path, c.cmd.Dir); c.unseen && err != nil {
				t.Errorf("Check: %v, want nothing", err)
			} else if !c.unseen {
				check("Check", err)
			}
			if len(c.cmd.Rlimits) == 0 && c.err != unix.EINVAL {
				c.cmd.Rlimits = []job.Rlimit{{Name: "core"}}
				_, err := s.Start(&c.cmd)
				check("staged Start", err)
			}
			if len(s.own) > 0 {
				t.Errorf("processes %v are left", s.own)
			}
		})
	}
	for _, good := range []string{"/bin/true", in("script")} {
		if err := Check(good, dir); err != nil {
			t.Errorf("Check %s: %v", good, err)
		}
	}
	if e := inspect("script", dir); e != nil {
		t.Error(e)
	}
}

func TestTooBigAltogether(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	args := make([]string, 100)
	for i := range args {
		args[i] = strings.Repeat("y", 130_000)
	}
	c := &Cmd{Path: "/bin/true", Args: args, Rlimits: []job.Rlimit{{Name: "stack", Soft: 8 << 20, Hard: 8 << 20}}}
	_, err := s.Start(c)
	var se *StartError
	if !errors.As(err, &se) || se.Err != unix.E2BIG || !strings.HasPrefix(se.Why, "arguments and environment take 13000900 bytes, the limit is a quarter of the stack limit") {
		t.Errorf("%v", err)
	}
}

func TestNoexecMount(t *testing.T) {
	testpeer.NeedRoot(t, "mounts a tmpfs")
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOEXEC, "size=1m"); err != nil {
		testpeer.Missing(t, "mounting a tmpfs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	path := write(t, dir+"/x", "#!/bin/sh\n", 0o755)
	s := newSpawner(t, SpawnerOptions{})
	_, err := s.Start(&Cmd{Path: path})
	want := "starting " + path + ": it lies on a file system that is mounted noexec"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// As another user: permissions that root does not feel.
func TestPermissions(t *testing.T) {
	testpeer.NeedRoot(t, "becomes another user")
	const dirEnv = "PROC_TEST_DIR" // the inner process cannot remove it
	if os.Getenv(dirEnv) == "" {
		dir, err := os.MkdirTemp("/tmp", "proc-test")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		t.Setenv(dirEnv, dir)
	}
	if !inner(t) {
		return
	}
	dir := os.Getenv(dirEnv)
	if err := os.Mkdir(dir+"/locked", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/locked/x", "#!/bin/sh\n", 0o755)
	write(t, dir+"/mine", "#!/bin/sh\n", 0o744)
	write(t, dir+"/unreadable", "#!/bin/sh\n", 0o711)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setresuid(64999, 64999, 64999); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, dir, want string }{
		{dir + "/locked/x", "", "starting {}/locked/x: permission denied"},
		{dir + "/mine", "", "starting {}/mine: no permission to execute it"},
		{"/bin/true", dir + "/locked", "starting /bin/true: no permission to enter its working directory {}/locked"},
		{dir + "/unreadable", "", ""},
	} {
		err := Check(c.path, c.dir)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), dir, "{}")
		}
		if got != c.want {
			t.Errorf("%s in %q:\n got %s\nwant %s", c.path, c.dir, got, c.want)
		}
	}
}

// The limits are the real ones. That they are reached is left out: the Go
// runtime would need a thread sooner or later and give up.
func TestNoMoreProcesses(t *testing.T) {
	e := explain(unix.EAGAIN, &Cmd{Path: "/bin/true"})
	want := "the system refuses another process (processes of this user: " + rlimitText(unix.RLIMIT_NPROC) + ", "
	if e.Status != 125 || !strings.HasPrefix(e.Why, want) || !strings.Contains(e.Why, "kernel.threads-max: "+sysctl("kernel/threads-max")+", kernel.pid_max: "+sysctl("kernel/pid_max")) {
		t.Errorf("%+v", e)
	}
	e = explain(unix.ENOMEM, &Cmd{Path: "/bin/true"})
	if e.Status != 125 || !strings.HasPrefix(e.Why, "the kernel has no memory for it (available: ") || strings.Contains(e.Why, "unknown") {
		t.Errorf("%+v", e)
	}
	e = explain(unix.ENFILE, &Cmd{Path: "/bin/true"})
	if e.Status != 125 || e.Why != "too many open files in the system: fs.file-max is "+sysctl("fs/file-max") {
		t.Errorf("%+v", e)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/a/b", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/pids.max", "max\n", 0o600)
	write(t, dir+"/a/pids.max", "20\n", 0o600)
	write(t, dir+"/a/pids.current", "19\n", 0o600)
	got := pidsLimits(dir+"/a/b", dir)
	if len(got) != 1 || got[0] != "pids.max of cgroup "+dir+"/a: 20, in use: 19" {
		t.Errorf("%q", got)
	}
}

func TestTooManyFiles(t *testing.T) {
	if !inner(t) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(fd), Max: uint64(fd)}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Start(sh("exit 0"))
	var se *StartError
	if !errors.As(err, &se) || se.Status != 125 || !strings.Contains(se.Why, "too many open files: this process may have ") {
		t.Errorf("%v", err)
	}
}

// A program that is still being written is waited for, for a while.
func TestTextFileBusy(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	copyOf := func(t *testing.T) (string, *os.File) {
		data, err := os.ReadFile("/bin/true")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "true")
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		return path, f
	}
	t.Run("for a moment", func(t *testing.T) {
		path, f := copyOf(t)
		if _, err := s.fork(nil, path, []string{"true"}, &syscall.ProcAttr{}); err != unix.ETXTBSY {
			t.Fatalf("%v, want it to be busy", err)
		}
		time.AfterFunc(30*time.Millisecond, func() { f.Close() })
		p := start(t, s, &Cmd{Path: path})
		<-p.Exited()
		if st := p.Status(); st != (Status{Kind: job.KindExited}) {
			t.Errorf("%+v", st)
		}
	})
	t.Run("for ever", func(t *testing.T) {
		path, _ := copyOf(t)
		_, err := s.Start(&Cmd{Path: path})
		want := "starting " + path + ": it is still open for writing somewhere (text file busy); wait until it is written and closed"
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	})
}

// A script without #! line runs as execvp runs it.
func TestScriptWithoutShebang(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	dir := t.TempDir()
	write(t, dir+"/hello", "echo \"hello $1\"\n", 0o700)
	write(t, dir+"/-e", "echo dash\n", 0o700)
	for _, limits := range [][]job.Rlimit{nil, {{Name: "core"}}} {
		if got := output(t, s, &Cmd{Path: dir + "/hello", Args: []string{"hello", "you"}, Rlimits: limits}); got != "hello you\n" {
			t.Errorf("%q", got)
		}
		if got := output(t, s, &Cmd{Path: "-e", Dir: dir, Rlimits: limits}); got != "dash\n" {
			t.Errorf("%q", got)
		}
	}
}
