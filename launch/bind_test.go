package launch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

// Which GPUs this process may see says nothing about another machine; what the
// workers are given does.
func TestPlanForAnotherMachine(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"sys/devices/system/cpu/online":                "0-3",
		"sys/devices/system/cpu/cpu0/topology/core_id": "0",
		"sys/devices/system/cpu/cpu1/topology/core_id": "1",
		"sys/devices/system/cpu/cpu2/topology/core_id": "2",
		"sys/devices/system/cpu/cpu3/topology/core_id": "3",
		"sys/devices/system/node/node0/cpulist":        "0-1",
		"sys/devices/system/node/node1/cpulist":        "2-3",
		"sys/bus/pci/devices/0000:01:00.0/vendor":      "0x10de",
		"sys/bus/pci/devices/0000:01:00.0/class":       "0x030200",
		"sys/bus/pci/devices/0000:01:00.0/numa_node":   "0",
		"sys/bus/pci/devices/0000:02:00.0/vendor":      "0x10de",
		"sys/bus/pci/devices/0000:02:00.0/class":       "0x030200",
		"sys/bus/pci/devices/0000:02:00.0/numa_node":   "1",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spec := job.Spec{Command: []string{"true"}, Workers: 1, Bind: job.Bind{Mode: job.BindNode}}
	opt := launch.Options{Machine: root, Environ: []string{"PATH=" + os.Getenv("PATH"), "CUDA_VISIBLE_DEVICES=1"}}
	for want, env := range map[string][]string{"CPUs 0-1: ": nil, "CPUs 2-3: ": {"CUDA_VISIBLE_DEVICES=1"}} {
		spec.Env = env
		p, err := launch.MakePlan(spec, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Workers[0].Bound; !strings.HasPrefix(got, want) {
			t.Errorf("with --env %v: %s", env, got)
		}
	}
}
