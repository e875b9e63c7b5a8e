// Package dynamic is the rendezvous of nodes that come and go: between Min and
// Max of them, over a bus. What is decided, package council decides; here is who
// runs it, and how agents and it hear of each other.
//
// # The leader
//
// One agent leads. With Config.Lead it is that one and no other: the store of
// such a run is in its process, and ends with it. Otherwise the agents elect one
// by a compare-and-set of the key "leader" in a Store that all of them reach: who
// gets no answer from the leader any more takes its place, with a higher epoch,
// and begins with the state that it left. A leader that was replaced finds its
// key, or its state, changed and becomes an agent like the others.
//
// # What is said
//
//	<Root>.lead.<leader>         Call: a council.Status; the answer is a council.Order
//	<Root>.lead.<leader>.seats   Call: nothing; the answer is a list of council.Seat
//	<Root>.node.<id>             an order, pushed; a Call is a question whether it is there
//
// An agent calls at every change of its own, and five times in a lease. What it
// is told in answer keeps its lease: one that was not answered for a lease,
// counted from when it spoke, has its workers killed, because the others may
// begin without it. The exception is a leader whose host refuses the connection:
// it has ended, and nobody can have begun.
package dynamic
