// Package council decides, for a run whose nodes come and go, who takes part in
// each round, with which ranks, and how it ends.
//
// A Council is a state machine without clock, network or goroutine: statuses of
// agents, lost connections and the time go in, orders come out. One agent, the
// leader, has it; package dynamic runs it.
//
// Agents say their whole Status each time, and an Order is everything that an
// agent is to do, so a message that is lost, doubled or late does no harm: the
// next one says it again.
//
// # The rounds
//
//	gathering  agents come. At Max at once, at Min after the last call (after a
//	           round: at once) the round gets its members and their ranks.
//	hosting    the agent with group rank 0 makes the workers' store.
//	running    all members have been told their places.
//	ending     the run has failed: members stop and say what failed first there.
//	over       everybody is told the end.
//
// # The fence
//
// No round forms while an agent of the last one may have workers: each has said
// that they are gone, or is dead. Dead is an agent whose own side closed its
// connection and that did not come back within a moment, or one that was silent
// for longer than its lease. The latter has killed its workers by then, because
// it counts from when it spoke last and was answered, and the council from when
// it heard that, with a quarter more.
package council
