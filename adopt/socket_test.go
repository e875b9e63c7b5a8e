package adopt

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
)

// seed adds a file of this process's network namespace to a fuzz target.
func seed(f *testing.F, name string) {
	if data, err := os.ReadFile("/proc/self/net/" + name); err == nil {
		f.Add(data[:min(len(data), 4096)])
	}
}

func FuzzUnix(f *testing.F) {
	seed(f, "unix")
	f.Add([]byte("Num       RefCount Protocol Flags    Type St Inode Path\n0: 00000002 00000000 00010000 0001 01 12 /run/a b\n1: 2 0 0 5 03 13 @x@\nno line\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseUnix(data)
		if err != nil || len(all) > strings.Count(string(data), "\n")+1 {
			t.Errorf("%v, %+v", err, all)
		}
	})
}

func FuzzInet(f *testing.F) {
	for _, name := range []string{"tcp", "tcp6", "udp"} {
		seed(f, name)
	}
	f.Add([]byte("h\n0: 0100007F:0016 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 99 1\n"))
	f.Add([]byte("h\n0: :0 :0 0 0:0 0 0 0 0 0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := parseInet(data, "tcp")
		for _, s := range all {
			if s.Family != "tcp" || !s.local.IsValid() || s.State == "listening" && s.Sent != nil {
				t.Errorf("%+v", s)
			}
		}
	})
}

func FuzzInodes(f *testing.F) {
	seed(f, "netlink")
	f.Add([]byte("h\n00000000ee769054 0   0          00000000 0        0        0     2        0        4\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := parseInodes(data, "netlink", 10)
		if len(all) > strings.Count(string(data), "\n")+1 {
			t.Errorf("%+v", all)
		}
	})
}

func FuzzCgroup(f *testing.F) {
	f.Add([]byte("0::/user.slice/a:b\n"))
	f.Add([]byte("12:cpu,cpuacct:/x\n1:name=systemd:/y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if path := parseCgroup(data); !strings.Contains(string(data), path) || strings.Contains(path, "\n") {
			t.Errorf("%q of %q", path, data)
		}
	})
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\nb\x1b[2J\x00\xff\u202eé�")
	f.Fuzz(func(t *testing.T, name string) {
		for _, r := range Printable(name) {
			if !printable(r) && r != 0xfffd {
				t.Errorf("%q of %q", r, name)
			}
		}
	})
}

func TestPrintable(t *testing.T) {
	if got := Printable("a b\n\t\x1b[2J\xff\u202eé�"); got != `a b\n\t\x1b[2J\xff\u202eé`+"�" {
		t.Error(got)
	}
}

func TestParseInet(t *testing.T) {
	word := make([]byte, 4)
	binary.NativeEndian.PutUint32(word, 0x0100007f)
	if word[0] != 0x7f {
		t.Skip("the samples are of a little-endian machine")
	}
	all, err := parseInet([]byte("  sl  local_address\n"+
		"   0: 0100007F:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1522 1 0 100 0 0 10 0\n"+
		"   1: 0000000000000000FFFF00000100007F:B7E8 0000000000000000FFFF00000100007F:01BB 01 00000002:00000001 03:00000902 00000000     0        0 7 3 0\n"), "tcp6")
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if s := all[0]; s.Local != "127.0.0.1:2024" || s.State != "listening" || s.Remote != "" || s.Received != nil {
		t.Errorf("%+v", s)
	}
	if s := all[1]; s.Remote != "[::ffff:127.0.0.1]:443" || s.State != "established" || *s.Sent != 2 || *s.Received != 1 || s.ino != 7 {
		t.Errorf("%+v", s)
	}
}
