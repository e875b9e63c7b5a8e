//go:build linux

package proc

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// needNUMA skips where the kernel has no memory policies.
func needNUMA(t testing.TB) (nodes []int) {
	t.Helper()
	p, err := threadPolicy(unix.MPOL_F_MEMS_ALLOWED)
	if err != nil {
		testpeer.Missing(t, "needs a kernel with memory policies: %v", err)
	}
	return numbersOf(p.nodes)
}

// Each child has its own policy, the next nobody else's.
func TestEachChildItsMemory(t *testing.T) {
	node := needNUMA(t)[:1]
	s := newSpawner(t, SpawnerOptions{})
	ours := boundTo(t, os.Getpid())
	for _, limits := range [][]job.Rlimit{nil, someLimit} {
		for _, c := range []struct {
			mode, want string
		}{{"bind", "bind"}, {"", ours.Policy}, {"preferred", "prefer"}, {"", ours.Policy}} {
			cmd := &Cmd{Mem: MemPolicy{Mode: c.mode}, Rlimits: limits}
			want := ours.PolicyNodes
			if c.mode != "" {
				cmd.Mem.Nodes, want = node, node
			}
			got := boundTo(t, sleeper(t, s, cmd).Pid())
			if got.Policy != c.want || !slices.Equal(got.PolicyNodes, want) {
				t.Errorf("mode %q, limits %v: %s on %v, want %s on %v", c.mode, limits, got.Policy, got.PolicyNodes, c.want, want)
			}
		}
	}
}

func TestNumactlAgrees(t *testing.T) {
	numactl := testpeer.Need(t, "numactl", "numactl")
	node := needNUMA(t)[:1]
	all := allowedCPUs(t, 2)
	s := newSpawner(t, SpawnerOptions{})
	name := listOf(node)
	for mode, want := range map[string][]string{
		"bind":      {"policy: bind", "membind: " + name, "physcpubind: " + listOf(all[1:2])},
		"preferred": {"policy: preferred", "preferred node: " + name, "physcpubind: " + listOf(all[1:2])},
	} {
		c := &Cmd{Path: numactl, Args: []string{"numactl", "--show"}, Env: os.Environ(), CPUs: all[1:2], Mem: MemPolicy{mode, node}}
		lines := strings.Split(output(t, s, c), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		for _, w := range want {
			if !slices.Contains(lines, w) {
				t.Errorf("%s: no line %q in %q", mode, w, lines)
			}
		}
	}
}

// A launcher with a policy of its own gets it back.
func TestPolicyOfLauncher(t *testing.T) {
	numactl := testpeer.Need(t, "numactl", "numactl")
	node := needNUMA(t)[:1]
	if !inner(t, numactl, "--interleave="+listOf(node)) {
		return
	}
	s := newSpawner(t, SpawnerOptions{})
	for mode, want := range map[string]string{"bind": "bind", "preferred": "prefer"} {
		if got := boundTo(t, sleeper(t, s, &Cmd{Mem: MemPolicy{mode, node}}).Pid()); got.Policy != want {
			t.Errorf("%s: %s", mode, got.Policy)
		}
		if got := boundTo(t, sleeper(t, s, &Cmd{}).Pid()); got.Policy != "interleave" || !slices.Equal(got.PolicyNodes, node) {
			t.Errorf("after %s: %s on %v", mode, got.Policy, got.PolicyNodes)
		}
	}
}

func TestPolicyErrors(t *testing.T) {
	nodes := needNUMA(t)
	list := listOf(nodes)
	const hint = "; name others, or change the cpuset of the cgroup or container"
	s := newSpawner(t, SpawnerOptions{})
	for want, m := range map[string]MemPolicy{
		"its memory has nodes (0-1) but no mode: bind or preferred":                                                          {"", []int{1, 0}},
		`memory mode "bind" needs a NUMA node`:                                                                               {"bind", nil},
		`there is no memory mode "interleave": bind or preferred`:                                                            {"interleave", []int{0}},
		"there is no NUMA node -1: numbers go from 0 to 1023":                                                                {"bind", []int{-1}},
		"there is no NUMA node 1024: numbers go from 0 to 1023":                                                              {"preferred", []int{1024}},
		"setting its memory policy to bind on NUMA node 1023: none of these nodes may be used here, but " + list + hint:      {"bind", []int{1023}},
		"setting its memory policy to preferred on NUMA node 1022: none of these nodes may be used here, but " + list + hint: {"preferred", []int{1022}},
		"setting its memory policy to bind on NUMA node 0,63: node 63 may not be used here, only " + list + hint:             {"bind", []int{63, 0}},
		"setting its memory policy to preferred on NUMA node 0,63: node 63 may not be used here, only " + list + hint:        {"preferred", []int{63, 0}},
	} {
		_, err := s.Start(&Cmd{Path: "/bin/true", Mem: m})
		var se *StartError
		if !errors.As(err, &se) || se.Error() != "starting /bin/true: "+want || se.Status != 125 || se.Err != unix.EINVAL {
			t.Errorf("%+v:\n got %v\nwant starting /bin/true: %s", m, err, want)
		}
	}
	// A policy that is refused takes the CPUs that were set before it back.
	all := allowedCPUs(t, 2)
	ours := boundTo(t, os.Getpid())
	if _, err := s.Start(&Cmd{Path: "/bin/true", CPUs: all[1:2], Mem: MemPolicy{"bind", []int{1023}}}); err == nil {
		t.Error("no error")
	}
	if got := boundTo(t, sleeper(t, s, &Cmd{}).Pid()); !slices.Equal(got.CPUs, ours.CPUs) || got.Policy != ours.Policy {
		t.Errorf("after the errors: %+v, want as %+v", got, ours)
	}
}
