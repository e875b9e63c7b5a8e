package topo_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/topo"
)

// Machines need not come from Read: one that was decoded from JSON, or made by hand,
// may lack anything. That is an error at worst.
func TestSparseMachines(t *testing.T) {
	cpus := job.CPUs(0, 1, 2)
	node := []topo.Node{{ID: 0, CPUs: cpus}}
	gpus := []topo.GPU{{Vendor: topo.NVIDIA}, {Vendor: topo.AMD, Node: 7}, {Node: -1}}
	machines := map[string]*topo.Machine{
		"none":               nil,
		"nothing":            {},
		"CPUs alone":         {Online: cpus},
		"GPUs alone":         {GPUs: gpus},
		"nodes alone":        {Nodes: node},
		"nodes and CPUs":     {Online: cpus, Nodes: node, GPUs: gpus},
		"no memory's node":   {Online: cpus, Nodes: []topo.Node{{ID: 3, Distance: []int{10, 20}}, {ID: 1}}, GPUs: gpus},
		"empty things":       {Online: cpus, Nodes: node, Packages: make([]topo.Package, 2), Cores: make([]topo.Core, 2), Caches: make([]topo.Cache, 2), Devices: make([]topo.Device, 2)},
		"CPUs not in a core": {Online: cpus, Nodes: node, Packages: []topo.Package{{CPUs: job.CPUs(2)}}, Cores: []topo.Core{{CPUs: job.CPUs(9)}}, Caches: []topo.Cache{{Level: 3, CPUs: job.CPUs(1)}}},
	}
	for name, m := range machines {
		if err := topo.Draw(io.Discard, m, topo.DrawOptions{Width: -1}); (err != nil) != (m == nil) {
			t.Errorf("%s: drawn: %v", name, err)
		}
		for _, lookup := range []func(string) (string, bool){nil, os.LookupEnv} {
			if visible, _ := topo.VisibleGPUs(m, lookup); m == nil && visible != nil {
				t.Errorf("%s has %v", name, visible)
			}
		}
		for _, mode := range []string{"auto", "node", "socket", "exclusive", "core-complex", "core", "l3", "0:1:2"} {
			b, err := job.ParseBind(mode)
			if err != nil {
				t.Fatal(err)
			}
			b.Mem = job.MemLocal
			for _, b.Fallback = range []bool{false, true} {
				for _, near := range [][]topo.GPU{nil, gpus} {
					for _, local := range []int{0, 1, 3} {
						req := topo.Request{Bind: b, Local: local, GPUs: near, Allowed: job.CPUs(1, 5)}
						plan, err := topo.Plan(m, req)
						switch {
						case m == nil && (err == nil || !strings.Contains(err.Error(), "no machine")):
							t.Errorf("%s, %s: %v", name, mode, err)
						case m != nil && b.Fallback && (err != nil || len(plan) != local):
							t.Errorf("%s, %s, %d ranks: %v, %v", name, mode, local, plan, err)
						}
						if err := topo.DrawPlan(io.Discard, req, plan); err != nil {
							t.Error(err)
						}
					}
				}
			}
		}
	}
}
