package rendezvous

import "fmt"

// Node is one agent with its workers.
type Node struct {
	Name    string `json:"name"`           // the host's name
	Addr    string `json:"addr,omitempty"` // where the others reach it: an address or a name
	Workers int    `json:"workers"`        // at least 1
	Role    string `json:"role,omitempty"`
	Rank    int    `json:"rank"` // --node-rank; of no meaning where ranks are dealt out
}

// String is "node 1 (host b)", or "host b" where it has no rank yet.
func (n Node) String() string {
	host := n.Name
	if host == "" {
		host = n.Addr
	}
	switch {
	case n.Rank < 0 && host != "":
		return "host " + host
	case host == "":
		return fmt.Sprintf("node %d", n.Rank)
	}
	return fmt.Sprintf("node %d (host %s)", n.Rank, host)
}

// Round is one round as a node sees it. Ranks are contiguous on a node: its
// workers have RankBase .. RankBase+Workers-1 of WorldSize, and within their role
// RoleRankBase .. RoleRankBase+Workers-1 of RoleSize.
type Round struct {
	Number   int // 0, 1, 2, ...
	Restarts int // how many rounds ended with Again before this one

	GroupRank, GroupSize   int // this node among the nodes
	RankBase, WorldSize    int // its first worker among all workers
	RoleRankBase, RoleSize int // its first worker among those of its role

	MasterAddr string // the workers' store of this round
	MasterPort int

	Nodes []Node // in the order of group ranks; shared, not to be changed
}

// Self is the node that the round was made for.
func (r Round) Self() Node { return r.Nodes[r.GroupRank] }

// Assign gives each node, in the order of group ranks, its place: everything of a
// Round but the number, the restarts and the master. Nodes may differ in their
// number of workers and in their roles.
func Assign(nodes []Node) []Round {
	rounds := make([]Round, len(nodes))
	world := 0
	roles := map[string]int{}
	for i, n := range nodes {
		rounds[i] = Round{
			GroupRank: i, GroupSize: len(nodes),
			RankBase: world, RoleRankBase: roles[n.Role],
			Nodes: nodes,
		}
		world += n.Workers
		roles[n.Role] += n.Workers
	}
	for i, n := range nodes {
		rounds[i].WorldSize = world
		rounds[i].RoleSize = roles[n.Role]
	}
	return rounds
}
