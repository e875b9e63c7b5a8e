package council

import (
	"cmp"
	"slices"

	"github.com/sluicerun/sluice/rendezvous"
)

// seats chooses the members of a round and their order. Nodes keep the group
// rank that they had; --node-rank is honoured before that, and among those that
// have neither the endpoint's host comes first, then by address and id. Who was in
// the last round is chosen before newcomers.
func seats(idle []*agent, last []member, most int) []member {
	was := map[string]int{}
	for i, m := range last {
		was[m.ID] = i
	}
	type seat struct {
		*agent
		claim int // a group rank, or -1
	}
	all := make([]seat, len(idle))
	for i, a := range idle {
		s := seat{a, -1}
		if rank, ok := was[a.st.ID]; ok {
			s.claim = rank
		}
		if len(last) == 0 && a.st.Group >= 0 {
			s.claim = a.st.Group // a life that we do not remember
		}
		if a.st.Node.Rank >= 0 {
			s.claim = a.st.Node.Rank
		}
		all[i] = s
	}
	num := func(b bool) int {
		if b {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b seat) int {
		return cmp.Or(
			cmp.Compare(num(a.st.Node.Rank >= 0), num(b.st.Node.Rank >= 0)),
			cmp.Compare(num(a.claim >= 0), num(b.claim >= 0)),
			cmp.Compare(a.claim, b.claim),
			cmp.Compare(num(a.st.Host), num(b.st.Host)),
			cmp.Compare(a.st.Node.Addr, b.st.Node.Addr),
			cmp.Compare(a.st.Node.Name, b.st.Node.Name),
			cmp.Compare(a.st.ID, b.st.ID))
	})
	if len(all) > most {
		all = all[:most]
	}
	order := make([]*seat, len(all))
	// The host's seat is the first one, unless somebody was given it.
	for i := range all {
		if all[i].st.Host && all[i].st.Node.Rank < 0 && !slices.ContainsFunc(all, func(s seat) bool { return s.st.Node.Rank == 0 }) {
			all[i].claim = 0
			order[0] = &all[i]
			break
		}
	}
	var rest []*seat
	for i := range all {
		s := &all[i]
		switch {
		case order[0] == s:
		case s.claim >= 0 && s.claim < len(order) && order[s.claim] == nil:
			order[s.claim] = s
		default:
			rest = append(rest, s)
		}
	}
	out := make([]member, len(order))
	for i, s := range order {
		if s == nil {
			s, rest = rest[0], rest[1:]
		}
		out[i] = member{ID: s.st.ID, Node: s.st.Node, Host: s.st.Host}
	}
	return out
}

// places are the members' places, as rendezvous.Assign deals them out.
func (c *Council) places() []Place {
	nodes := make([]rendezvous.Node, len(c.members))
	for i, m := range c.members {
		nodes[i] = m.Node
	}
	out := make([]Place, len(nodes))
	for i, r := range rendezvous.Assign(nodes) {
		out[i] = Place{GroupRank: r.GroupRank, GroupSize: r.GroupSize, RankBase: r.RankBase, WorldSize: r.WorldSize,
			RoleRankBase: r.RoleRankBase, RoleSize: r.RoleSize, Master: c.master}
	}
	return out
}
