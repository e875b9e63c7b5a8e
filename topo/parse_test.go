package topo

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	check := func(what string, got any, err error, want any) {
		t.Helper()
		if want == nil {
			if err == nil {
				t.Errorf("%s: read as %v", what, got)
			}
		} else if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v (%v), want %v", what, got, err, want)
		}
	}
	for s, want := range map[string]any{"32K": int64(32 << 10), "107520K": int64(105 << 20), "1M": int64(1 << 20), "7": int64(7), "": nil, "K": nil, "-1K": nil, "1KK": nil, "99999999999K": nil} {
		n, err := parseSize(s)
		check("size "+s, n, err, want)
	}
	for s, want := range map[string]any{"0x10de": 0x10de, "0x030200": 0x30200, "10de": nil, "0x": nil, "0xfffffff": nil, "0x-1": nil, "0xxyz": nil} {
		n, err := parseID(s)
		check("id "+s, n, err, want)
	}
	for s, want := range map[string]any{"0000:1B:00.0": "0000:1b:00.0", "10000:e1:1f.7": "10000:e1:1f.7", "1b:00.0": nil, "0000:1b:00:0": nil, "0000:1b:20.0": nil, "0000:1b:00.8": nil, "0000:1b:00.": nil, "": nil} {
		a, err := parseAddress(s)
		check("address "+s, a, err, want)
	}
	for s, want := range map[string]any{
		"Node 0 MemTotal:        8743116 kB\nNode 0 MemFree: 1 kB": int64(8743116 << 10), "MemTotal:\t24684084 kB": int64(24684084 << 10),
		"MemFree: 1 kB": nil, "MemTotal: 1": nil, "MemTotal: x kB": nil, "MemTotal:": nil, "MemTotal: 99999999999999999999 kB": nil,
	} {
		n, err := parseMemTotal(s)
		check("meminfo "+s, n, err, want)
	}
	for s, want := range map[string]any{"10 21": []int{10, 21}, "": []int(nil), "10 x": nil, "10 -1": nil} {
		d, err := parseDistances(s)
		check("distances "+s, d, err, want)
	}
	for s, want := range map[string]any{
		"Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-1\nDevice Minor: \t 3": information{"NVIDIA H200", "GPU-1", 3},
		"Model: X\nGPU UUID: GPU-????????":                                information{"X", "", -1}, "": information{minor: -1}, "Device Minor: x": nil, "Device Minor: -2": nil,
	} {
		i, err := parseInformation(s)
		check("information "+s, i, err, want)
	}
	for s, want := range map[string]any{
		"a 1\nunique_id 18446744073709551615\n": map[string]uint64{"a": 1, "unique_id": 1<<64 - 1}, "": map[string]uint64{}, "a": nil, "a -1": nil, "a 1 2": nil,
	} {
		p, err := parseProperties(s)
		check("properties "+s, p, err, want)
	}
	if got := oneLine(" a\x1b[31m\tb\xff\n"); got != "a [31m b?" {
		t.Errorf("%q", got)
	}
	if err := notA("number", strings.Repeat("9", 100)); len(err.Error()) > 80 {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"32K", "0x10de", "0000:1b:00.0", "MemTotal: 5 kB", "10 21", "Device Minor: 3", "unique_id 7", "DRIVER=nvidia\n", "model name\t: x", "-1", "Unified", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseInt(s); err == nil && strings.Trim(s, "+-0123456789") != "" {
			t.Fatalf("%q is %d", s, n)
		}
		if n, err := parseSize(s); err == nil && n < 0 {
			t.Fatalf("size %q is %d", s, n)
		}
		if n, err := parseID(s); err == nil && (n < 0 || n > 0xffffff) {
			t.Fatalf("id %q is %d", s, n)
		}
		if a, err := parseAddress(s); err == nil {
			if b, err := parseAddress(a); err != nil || a != b {
				t.Fatalf("address %q is %q, which reads as %q (%v)", s, a, b, err)
			}
		}
		if n, err := parseMemTotal(s); err == nil && n < 0 {
			t.Fatalf("meminfo %q is %d", s, n)
		}
		if d, err := parseDistances(s); err == nil && len(d) != len(strings.Fields(s)) {
			t.Fatalf("distances %q are %v", s, d)
		}
		if i, err := parseInformation(s); err == nil && i.minor < -1 {
			t.Fatalf("information %q is %+v", s, i)
		}
		if _, err := parseProperties(s); err == nil && strings.TrimSpace(s) != "" && !strings.Contains(s, " ") {
			t.Fatalf("properties %q were read", s)
		}
		driver, _ := parseDriver(s)
		model, _ := parseModel(s)
		if strings.ContainsAny(driver+model, "\n\x1b") {
			t.Fatalf("%q and %q are not one line", driver, model)
		}
	})
}

// FuzzRead puts anything into any file: Read gives a machine that can be drawn
// and planned for, or an error.
func FuzzRead(f *testing.F) {
	paths := []string{
		"sys/devices/system/cpu/online", "sys/devices/system/cpu/possible", "sys/devices/system/cpu/cpu1/topology/thread_siblings_list",
		"sys/devices/system/cpu/cpu0/topology/physical_package_id", "sys/devices/system/cpu/cpu0/topology/die_id",
		"sys/devices/system/cpu/cpu1/cache/index3/shared_cpu_list", "sys/devices/system/cpu/cpu1/cache/index2/level",
		"sys/devices/system/node/node0/cpulist", "sys/devices/system/node/node0/distance", "sys/devices/system/node/node0/meminfo",
		"sys/bus/pci/devices/0000:00:03.0/class", "sys/bus/pci/devices/0000:00:03.0/numa_node", "sys/bus/pci/devices/0000:00:03.0/vendor",
		"sys/devices/cpu_core/cpus", "sys/devices/cpu_atom/cpus", "sys/devices/system/cpu/cpu1/cpu_capacity", "proc/cpuinfo", "proc/meminfo",
		kfdDir + "/1/gpu_id", kfdDir + "/1/properties", kfdDir + "/1/name", nvidiaDir + "/0000:00:03.0/information",
	}
	f.Add(uint8(0), "0-1", uint8(2), "0-1")
	f.Add(uint8(3), "-1", uint8(7), "")
	f.Add(uint8(18), "7", uint8(19), "location_id 24\ndomain 18446744073709551615")
	f.Add(uint8(10), "0x030200", uint8(12), "0x10de")
	f.Fuzz(func(t *testing.T, a uint8, aText string, b uint8, bText string) {
		files := unpack(t, "firecracker-vm")
		files[paths[int(a)%len(paths)]] = aText
		files[paths[int(b)%len(paths)]] = bText
		m, err := read(files.fs(), "ROOT")
		if err != nil {
			return
		}
		checkDrawing(t, m, DrawOptions{Width: 60})
		for _, mode := range []string{"auto", "node", "socket", "exclusive", "core-complex", "l3", "core"} {
			gpus, _ := VisibleGPUs(m, lookup(""))
			req := Request{Bind: bind(t, mode), Local: 3, GPUs: gpus}
			req.Bind.Fallback = true
			if _, err := Plan(m, req); err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
		}
	})
}
