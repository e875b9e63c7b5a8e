package topo

import (
	"fmt"
	"strings"
	"testing"
)

// eight are GPUs without UUIDs in common but for their first letters.
func eight() *Machine {
	m := &Machine{}
	for i, uuid := range []string{"GPU-9e8d35e3", "GPU-9e8d4fff", "GPU-aaaa0000", "GPU-bbbb0000", "GPU-cccc0000", "GPU-dddd0000", "GPU-eeee0000", "GPU-ffff0000"} {
		m.GPUs = append(m.GPUs, GPU{Vendor: NVIDIA, Address: fmt.Sprintf("0000:%02x:00.0", i), UUID: uuid, Model: "H100", Minor: i, Node: i / 4})
	}
	return m
}

// lookup is an environment of NAME=VALUE words; "-" for none.
func lookup(env string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for word := range strings.SplitSeq(env, ";") {
			if value, ok := strings.CutPrefix(word, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}
}

func minors(gpus []GPU) string {
	var out []string
	for _, g := range gpus {
		out = append(out, fmt.Sprint(g.Minor))
	}
	return strings.Join(out, ",")
}

// The lists are those that torch's tests pin, and what follows from its rules.
func TestVisibleCUDA(t *testing.T) {
	m := eight()
	for list, want := range map[string]string{
		"1gpu2,2ampere": "1,2", "0, 1, 2, -1, 3": "0,1,2", "0,1,2,1": "", "0,1,1": "", "-1": "", "": "", "aa": "", "0,aa,2": "0",
		"+3,-0": "3,0", "+3": "3", "3,2,1": "3,2,1", " 4 , 5 ": "4,5", "0,8,1": "0", "9": "", "-": "", "+": "", ",0": "", "0,,1": "0",
		"0-3": "0", "00,1": "0,1", "99999999999999999999,0": "", "-99999999999999999999": "", "0x1": "0", "7.5": "7", "0;1": "0",
		"GPU-aa": "2", "GPU-9e8d35e3,GPU-9e8d4fff": "0,1", "GPU-9e8d": "", "GPU-aa,GPU-9e8d,GPU-bb": "2", "GPU-AAAA": "2",
		"GPU-aa,GPU-aaaa": "", "GPU-aa,GPU-aa": "", "GPU-zz": "", "GPU-aa,0": "2", "GPU-aa,GPU-zz,GPU-bb": "2", "0,GPU-aa": "0", "gpu-aa": "",
	} {
		gpus, doubt := VisibleGPUs(m, func(name string) (string, bool) {
			return list, name == "CUDA_VISIBLE_DEVICES"
		})
		if got := minors(gpus); got != want || doubt != "" {
			t.Errorf("%q shows %q (%s), want %q", list, got, doubt, want)
		}
	}
	for env, want := range map[string]string{
		"":                          "0,1,2,3,4,5,6,7",
		"NVIDIA_VISIBLE_DEVICES=1":  "0,1,2,3,4,5,6,7",
		"HIP_VISIBLE_DEVICES=1":     "0,1,2,3,4,5,6,7",
		"CUDA_VISIBLE_DEVICES=":     "",
		"CUDA_VISIBLE_DEVICES=2, 6": "2,6",
	} {
		if gpus, doubt := VisibleGPUs(m, lookup(env)); minors(gpus) != want || doubt != "" {
			t.Errorf("%q shows %q (%s), want %q", env, minors(gpus), doubt, want)
		}
	}
}

func TestVisibleMIG(t *testing.T) {
	m := eight()
	gpus, doubt := VisibleGPUs(m, lookup("CUDA_VISIBLE_DEVICES=MIG-GPU-ffff0000/3/0,MIG-GPU-aaaa0000/1/0"))
	if len(gpus) != 2 || gpus[0].Node != 1 || gpus[0].Minor != 7 || gpus[1].Minor != 2 || doubt != "" {
		t.Errorf("%+v (%s)", gpus, doubt)
	}
	gpus, doubt = VisibleGPUs(m, lookup("CUDA_VISIBLE_DEVICES=MIG-11ab,MIG-22cd,0"))
	if len(gpus) != 2 || gpus[0].Node != -1 || gpus[1].UUID != "MIG-22cd" || doubt == "" {
		t.Errorf("%+v (%s)", gpus, doubt)
	}
	if gpus, _ = VisibleGPUs(m, lookup("CUDA_VISIBLE_DEVICES=MIG-11ab,MIG-11ab")); len(gpus) != 0 {
		t.Errorf("%+v", gpus)
	}
	m.GPUs = m.GPUs[5:6]
	if gpus, doubt = VisibleGPUs(m, lookup("CUDA_VISIBLE_DEVICES=MIG-11ab")); len(gpus) != 1 || gpus[0].Node != 1 || doubt != "" {
		t.Errorf("%+v (%s)", gpus, doubt)
	}
}

func TestVisibleDoubt(t *testing.T) {
	m := eight()
	m.GPUs[7].Model = "A2"
	for env, doubtful := range map[string]bool{
		"": true, "CUDA_VISIBLE_DEVICES=0,1": true, "CUDA_DEVICE_ORDER=FASTEST_FIRST": true, "CUDA_DEVICE_ORDER=PCI_BUS_ID": false,
		"CUDA_VISIBLE_DEVICES=GPU-ffff": false,
	} {
		if gpus, doubt := VisibleGPUs(m, lookup(env)); (doubt != "") != doubtful || len(gpus) == 0 {
			t.Errorf("%q: %d GPUs, doubt %q", env, len(gpus), doubt)
		}
	}
	m.GPUs[0].UUID = ""
	gpus, doubt := VisibleGPUs(m, lookup("CUDA_VISIBLE_DEVICES=GPU-9e8d35e3"))
	if len(gpus) != 0 || !strings.Contains(doubt, "GPU-9e8d35e3") {
		t.Errorf("%+v (%s)", gpus, doubt)
	}
}

// A container has device files for the GPUs that it was given, and sees all
// of them in sysfs.
func TestVisibleInContainer(t *testing.T) {
	f := unpack(t, "dgx-h100")
	count := func(f files) string {
		gpus, _ := VisibleGPUs(readMachine(t, f), lookup(""))
		return minors(gpus)
	}
	if got := count(f); got != "0,1,2,3,4,5,6,7" {
		t.Errorf("the whole machine shows %q", got)
	}
	for _, n := range []string{"0", "1", "2", "5", "6", "7"} {
		delete(f, "dev/nvidia"+n)
	}
	if got := count(f); got != "3,4" {
		t.Errorf("two device files show %q", got)
	}
	for path := range f {
		if strings.HasPrefix(path, "proc/driver/nvidia") {
			delete(f, path)
		}
	}
	if got := count(f); got != "3,4" {
		t.Errorf("two device files without the driver's directory show %q", got)
	}
	delete(f, "dev/nvidia3")
	delete(f, "dev/nvidia4")
	if got := count(f); got != "0,1,2,3,4,5,6,7" {
		t.Errorf("a tree without /dev shows %q", got)
	}
	f["dev/null"] = ""
	if got := count(f); got != "" {
		t.Errorf("a container without any GPU shows %q", got)
	}
	delete(f, "dev/null")
	// GPUs that the driver does not have are not CUDA's.
	for path, text := range f {
		f[path] = strings.ReplaceAll(text, "DRIVER=nvidia", "DRIVER=vfio-pci")
	}
	if got := count(f); got != "" {
		t.Errorf("GPUs that were given away show %q", got)
	}
}

func TestVisibleAMD(t *testing.T) {
	m := packedMachine(t, "epyc-nps4-mi210")
	for env, want := range map[string]string{
		"": "128,129,130,131,132,133,134,135", "HIP_VISIBLE_DEVICES=7,0": "135,128", "CUDA_VISIBLE_DEVICES=3": "131",
		"HIP_VISIBLE_DEVICES=1;CUDA_VISIBLE_DEVICES=3": "129", "ROCR_VISIBLE_DEVICES=4,5,6;HIP_VISIBLE_DEVICES=2,0": "134,132",
		"ROCR_VISIBLE_DEVICES=4,5;HIP_VISIBLE_DEVICES=2": "", "ROCR_VISIBLE_DEVICES=GPU-1a2b3c4d5e6f7003,GPU-1a2b3c4d5e6f7001": "131,129",
		"HIP_VISIBLE_DEVICES=": "", "ROCR_VISIBLE_DEVICES=-1": "",
	} {
		if gpus, doubt := VisibleGPUs(m, lookup(env)); minors(gpus) != want || doubt != "" {
			t.Errorf("%q shows %q (%s), want %q", env, minors(gpus), doubt, want)
		}
	}
	if gpus, doubt := VisibleGPUs(packedMachine(t, "laptop-hybrid"), lookup("CUDA_VISIBLE_DEVICES=0")); len(gpus) != 0 || doubt != "" {
		t.Errorf("a laptop without a GPU shows %+v (%s)", gpus, doubt)
	}
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"0,1", "1gpu2,2ampere", "GPU-9e8d35e3,GPU-aa", "MIG-GPU-ffff0000/3/0", "-1", "+3,-0", ",", "0,0"} {
		f.Add(s)
	}
	m := eight()
	f.Fuzz(func(t *testing.T, list string) {
		gpus, _ := VisibleGPUs(m, func(name string) (string, bool) { return list, name == "CUDA_VISIBLE_DEVICES" })
		seen := map[string]bool{}
		for _, g := range gpus {
			if name := g.Address + g.UUID; seen[name] && !strings.HasPrefix(list, migPrefix) {
				t.Fatalf("%q shows %s twice", list, g.Address)
			} else {
				seen[name] = true
			}
		}
		if len(gpus) > strings.Count(list, ",")+1 {
			t.Fatalf("%q shows %d GPUs", list, len(gpus))
		}
	})
}
