package rendezvous

import (
	"testing"

	"pgregory.net/rapid"
)

// The example of torch's own tests: five agents, two roles.
func TestAssignUpstream(t *testing.T) {
	nodes := []Node{
		{Role: "ps", Workers: 4}, {Role: "tr", Workers: 1}, {Role: "tr", Workers: 2},
		{Role: "tr", Workers: 3}, {Role: "ps", Workers: 5},
	}
	want := [][5]int{ // group rank, base, role base, role size, world
		{0, 0, 0, 9, 15}, {1, 4, 0, 6, 15}, {2, 5, 1, 6, 15}, {3, 7, 3, 6, 15}, {4, 10, 4, 9, 15},
	}
	for i, r := range Assign(nodes) {
		if got := [5]int{r.GroupRank, r.RankBase, r.RoleRankBase, r.RoleSize, r.WorldSize}; got != want[i] || r.GroupSize != 5 {
			t.Errorf("node %d: %v of %d nodes, not %v", i, got, r.GroupSize, want[i])
		}
		if r.Self() != nodes[i] {
			t.Errorf("node %d is told that it is %v", i, r.Self())
		}
	}
	if len(Assign(nil)) != 0 {
		t.Error("no nodes have rounds")
	}
}

// Every global rank, and every rank of a role, belongs to one worker, in the order
// of the nodes.
func TestAssignProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Node {
			return Node{
				Workers: rapid.IntRange(1, 9).Draw(t, "workers"),
				Role:    rapid.SampledFrom([]string{"", "ps", "trainer"}).Draw(t, "role"),
			}
		}), 1, 8).Draw(t, "nodes")
		next, nextOf, last := 0, map[string]int{}, map[string]int{}
		rounds := Assign(nodes)
		for i, r := range rounds {
			n := nodes[i]
			if r.GroupRank != i || r.GroupSize != len(nodes) || r.RankBase != next || r.RoleRankBase != nextOf[n.Role] {
				t.Fatalf("node %d has %+v: rank %d and role rank %d are next", i, r, next, nextOf[n.Role])
			}
			next += n.Workers
			nextOf[n.Role] += n.Workers
			last[n.Role] = i
		}
		for i, r := range rounds {
			if r.WorldSize != next || r.RoleSize != nextOf[nodes[i].Role] {
				t.Fatalf("node %d has world %d, role %d: the sums are %d, %v", i, r.WorldSize, r.RoleSize, next, nextOf)
			}
		}
		sum := 0
		for _, i := range last {
			sum += rounds[i].RoleSize
		}
		if sum != next {
			t.Fatalf("the roles have %d workers together, the world %d", sum, next)
		}
	})
}
