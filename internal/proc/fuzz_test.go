//go:build linux

package proc

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sluicerun/sluice/internal/procfs"
	"pgregory.net/rapid"
)

func FuzzShebang(f *testing.F) {
	f.Add([]byte("#!/bin/sh\necho"))
	f.Add([]byte("#! \t/usr/bin/env python3 -u\r\n"))
	f.Add([]byte("#!\n"))
	f.Add([]byte("#!/a\x00b\n"))
	f.Add([]byte(strings.Repeat("#!", 300)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ok := parseShebang(data)
		if !ok {
			return
		}
		if s.interpreter == "" || strings.ContainsAny(s.interpreter, " \t\n\x00") {
			t.Errorf("interpreter %q of %q", s.interpreter, data)
		}
		if !bytes.HasPrefix(data, []byte(s.line)) || len(s.line) > headSize {
			t.Errorf("line %q of %q", s.line, data)
		}
	})
}

func TestShebang(t *testing.T) {
	for head, want := range map[string]shebang{
		"#!/bin/sh\necho":        {"/bin/sh", "#!/bin/sh"},
		"#! \t/bin/sh -e x\n":    {"/bin/sh", "#! \t/bin/sh -e x"},
		"#!/bin/sh":              {"/bin/sh", "#!/bin/sh"},
		"#!/bin/sh\r\n":          {"/bin/sh\r", "#!/bin/sh\r"},
		"#!/usr/bin/env sh\r\nx": {"/usr/bin/env", "#!/usr/bin/env sh\r"},
		"#!\n/bin/sh":            {},
		"# !/bin/sh":             {},
		"":                       {},
	} {
		got, ok := parseShebang([]byte(head))
		if got != want || ok != (want.line != "") {
			t.Errorf("%q: %+v, %v; want %+v", head, got, ok, want)
		}
	}
}

func FuzzELF(f *testing.F) {
	f.Add([]byte(elfWith(62, "/lib/ld")))
	f.Add([]byte(elfWith(62, "/lib/ld")[:70]))
	f.Add([]byte("\x7fELF"))
	if data, err := os.ReadFile("/bin/true"); err == nil {
		f.Add(data[:min(len(data), 4096)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, ok := parseELF(bytes.NewReader(data))
		if ok && !bytes.Contains(data, []byte(e.loader)) {
			t.Errorf("loader %q is not in the file", e.loader)
		}
	})
}

func TestELFOfThisMachine(t *testing.T) {
	f, err := os.Open("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, ok := parseELF(f)
	if !ok || e.machine != ownMachine() {
		t.Errorf("/bin/sh: %+v, %v", e, ok)
	}
	if _, err := os.Stat(e.loader); e.loader != "" && err != nil {
		t.Errorf("/bin/sh: %v", err)
	}
}

func FuzzCgroupMount(f *testing.F) {
	f.Add([]byte(mountV2))
	f.Add([]byte(mountHybrid))
	f.Add([]byte("1 2 3 \\040 \\134\\ rw - cgroup2\n - \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range procfs.ParseMountInfo(data) {
			if dir, ok := (mount{m}).dir("/r", "/.."); ok {
				t.Errorf("%+v shows %s", m, dir)
			}
		}
	})
}

func FuzzSelfCgroup(f *testing.F) {
	f.Add([]byte(cgroupHybrid))
	f.Add([]byte("0::/a b:c (deleted)\n3:cpu,cpuacct:/\n::\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for controller, path := range parseSelfCgroup(data) {
			if !strings.HasPrefix(path, "/") || strings.Contains(controller, ",") {
				t.Errorf("%q: %q", controller, path)
			}
		}
	})
}

func FuzzCounters(f *testing.F) {
	f.Add([]byte("low 0\noom_kill 12\n"))
	f.Add([]byte("12\n0\n-1\n"))
	f.Add([]byte("oom_kill 99999999999999999999\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, ok := parseCounter(data, "oom_kill"); ok && n > 0 && !bytes.Contains(data, []byte("oom_kill")) {
			t.Errorf("%d from %q", n, data)
		}
		for _, pid := range parsePids(data) {
			if pid <= 0 {
				t.Errorf("process %d from %q", pid, data)
			}
		}
	})
}

func FuzzOrders(f *testing.F) {
	f.Add((&orders{path: "/bin/sh", args: []string{"sh", ""}, env: []string{"A=\xff"}, limits: []limit{{7, 1, ^uint64(0)}}, files: 3, pdeathsig: 9}).encode())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := decodeOrders(data)
		if err != nil {
			return
		}
		again, err := decodeOrders(o.encode())
		if err != nil || cmp.Diff(o, again, cmp.AllowUnexported(orders{}, limit{})) != "" {
			t.Errorf("%+v becomes %+v, %v", o, again, err)
		}
	})
}

func TestOrdersProperty(t *testing.T) {
	texts := rapid.SliceOfN(rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		o := &orders{path: rapid.String().Draw(t, "path"), files: rapid.IntRange(0, 99).Draw(t, "files"), pdeathsig: rapid.IntRange(0, 64).Draw(t, "signal")}
		if list := texts.Draw(t, "args"); len(list) > 0 {
			o.args = list
		}
		if list := texts.Draw(t, "env"); len(list) > 0 {
			o.env = list
		}
		for range rapid.IntRange(0, 4).Draw(t, "limits") {
			o.limits = append(o.limits, limit{rapid.IntRange(0, 15).Draw(t, "resource"), rapid.Uint64().Draw(t, "soft"), rapid.Uint64().Draw(t, "hard")})
		}
		data := o.encode()
		got, err := decodeOrders(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, got, cmp.AllowUnexported(orders{}, limit{})); diff != "" {
			t.Fatal(diff)
		}
		if _, err := decodeOrders(data[:len(data)-1]); err == nil {
			t.Fatal("cut short and believed")
		}
	})
}
