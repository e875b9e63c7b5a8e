package procfs

import (
	"bytes"
	"os"
	"reflect"
	"testing"
)

func FuzzStat(f *testing.F) {
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(own)
	f.Add([]byte("12 (a) b ( c) S 1 12 12 0 -1 4194304 101 0 0 0 0 0 0 0 20 0 1 0 99 1 1"))
	f.Add([]byte("12 (\n) Z 1"))
	f.Add([]byte(")("))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseStat(data)
		if err == nil && !bytes.Contains(data, []byte("("+p.Comm+")")) {
			t.Errorf("name %q of %q", p.Comm, data)
		}
	})
}

func TestStatNames(t *testing.T) {
	for _, name := range []string{"sh", "a b", ") R 1 1", "(((", "", "x\ny", ") Z 1 (sh"} {
		p, err := ParseStat([]byte("77 (" + name + ") D 5 6 7 0 -1 4194304 101 0 0 0 0 0 0 0 20 0 3 0 4242 1 1 1\n"))
		if want := (Stat{PID: 77, PPid: 5, PGrp: 6, Session: 7, TPGid: -1, Start: 4242, State: 'D', Comm: name, Threads: 3}); err != nil || p != want {
			t.Errorf("%q: %+v, %v; want %+v", name, p, err, want)
		}
	}
	if p := (Stat{State: 'Z', Threads: 2}); p.Dead() {
		t.Error("a process is dead whose first thread alone has ended")
	}
}

func FuzzStatus(f *testing.F) {
	if own, err := os.ReadFile("/proc/self/status"); err == nil {
		f.Add(own)
	}
	f.Add([]byte("Name:\tx\nPid:\t1\nUid:\t1 2 3 4\nNSpid:\t7 1\nCapEff:\tffffffffffffffff\nUmask:\t0022\nSeccomp:\t2\nNoNewPrivs:\t1\n"))
	f.Add([]byte("Pid: x\nUid:"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatus(data)
		if err != nil && s.Pid != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func FuzzFDInfo(f *testing.F) {
	if own, err := os.ReadFile("/proc/self/fdinfo/0"); err == nil {
		f.Add(own)
	}
	f.Add([]byte("pos:\t0\nflags:\t0100002\nmnt_id:\t9\nino:\t2\ntty-index:\t7\n"))
	f.Add([]byte("pos:\t0\nflags:\t02\neventfd-count: 3\nPid:\t-1\npos: 4\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := ParseFDInfo(data)
		if err == nil && !bytes.Contains(data, []byte("flags")) {
			t.Errorf("%+v", i)
		}
	})
}

func FuzzMountInfo(f *testing.F) {
	if own, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		f.Add(own)
	}
	f.Add([]byte("25 1 0:22 / /dev/pts rw,nosuid master:3 - devpts devpts rw,gid=5\n"))
	f.Add([]byte("25 1 0:22 /a\\040b /c\\134 rw - ext4 /dev/x rw\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range ParseMountInfo(data) {
			if m.Type == "" || len(m.Options) == 0 {
				t.Errorf("%+v", m)
			}
		}
	})
}

func TestMountInfo(t *testing.T) {
	got := ParseMountInfo([]byte("25 1 0:22 /a\\040b /c\\134\\0 rw,nosuid master:3 - fuse.x src\\040y ro\n" +
		"x 1 0:22 / / rw - a b\n1 1 022 / / rw - a b\n25 1 0:22 / / rw\n26 25 259:1 / / rw - ext4\n"))
	want := []Mount{{25, 1, Dev{0, 22}, "/a b", `/c\\0`, "fuse.x", "src y", []string{"rw", "nosuid"}, []string{"ro"}},
		{26, 25, Dev{259, 1}, "/", "/", "ext4", "", []string{"rw"}, nil}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if !got[0].ReadOnly() || got[1].ReadOnly() {
		t.Error("read-only")
	}
}

// This process, as the kernel shows it.
func TestOwn(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("needs a /proc")
	}
	fs, pid := FS("/proc"), os.Getpid()
	st, err := fs.Stat(pid)
	if err != nil || st.PID != pid || st.PPid != os.Getppid() || st.Start == 0 {
		t.Errorf("%+v, %v", st, err)
	}
	status, err := fs.Status(pid)
	if err != nil || status.Pid != pid || status.UID[0] != os.Getuid() || status.GID[1] != os.Getegid() || status.Threads < 1 {
		t.Errorf("%+v, %v", status, err)
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("abc"); err != nil {
		t.Fatal(err)
	}
	info, err := fs.FDInfo(pid, int(file.Fd()))
	if err != nil || info.Pos != 3 || info.Flags&3 != os.O_RDWR || info.MntID < 0 || info.TTYIndex != -1 {
		t.Errorf("%+v, %v", info, err)
	}
	mounts, err := fs.Mounts(pid)
	if err != nil || len(mounts) == 0 {
		t.Errorf("%v, %v", mounts, err)
	}
	if d, ok := decodeDev(34816 + 5).PTS(); d != 5 || !ok {
		t.Error(d, ok)
	}
}
