// Package rendezvous lets the agents of several nodes agree who takes part in a
// run, with which ranks, and how each round of it ended.
//
// Everything is said through a Store, a shared map in which a caller can wait
// for keys. A round is one life of the gang on all nodes together: it begins when
// the nodes have met and ends for all of them at the same moment, with "again",
// "failed" or "done". That is what torchrun lacks: there a node restarts alone
// and leaves the others waiting in their collectives.
//
// # One round, message by message
//
//	every node         CompareSet  run            the fence: version, run id, nodes, generation
//	every node         Add         beat/<rank>    the first sign of life
//	every node         CompareSet  0/node/<rank>  the claim: who has this node rank
//	group rank 0       Wait        0/node/*       until all are here
//	group rank 0                                  makes the workers' store (Master)
//	group rank 0       CompareSet  0/plan         the nodes in order, master address and port
//	every node         Wait, Get   0/plan         ranks follow from the order (Assign): Join returns
//	every node         Wait        0/verdict      while its workers run
//	the first to speak CompareSet  0/verdict      "again", "failed" or "done"
//	every node         Get         0/verdict      Changes tells; after "again" all Join round 1
//
// The fence is the key torch.rendezvous/run, so that nodes that disagree about the
// run id see it; all others are below Prefix(run id) and the generation. Values are
// JSON with a version.
//
// Plan and verdict are cells: whoever writes first has said it, for everybody.
// Two nodes whose workers fail together therefore cause one restart, and a
// failure cannot be lost against a restart: a node that fails writes into the
// first free cell of the chain 0/plan, 0/verdict, 1/plan, 1/verdict, ... A plan
// cell can hold a failure too, which ends the meeting: a node that gives up, two
// nodes with one rank, nodes that disagree about their number.
//
// A node whose workers have all succeeded adds one to 0/done; who comes to the
// number of nodes writes "done" as the verdict. This is the exit barrier.
//
// # Signs of life
//
// A Store knows no sessions, so each node adds one to beat/<rank> five times in
// HeartbeatTimeout. Group rank 0 looks at all of these numbers, the others look
// at that of group rank 0: two messages a period and node. A number that stands
// still for more than five looks is a node that has gone without a word; who sees
// it writes the failure in that node's place. Looks are counted, not seconds, so
// an agent that was itself stopped for a while accuses nobody when it wakes up.
//
// # Parting
//
// The agent of group rank 0 often serves the store. Its Close waits until every
// other node has read the last verdict (ack/<rank>), at most HeartbeatTimeout: a
// success must not turn into a lost connection at the last moment.
//
// # Kinds
//
// Static is for a fixed number of nodes that know their ranks. Others, where
// nodes come and go, implement Rendezvous over the same Store.
package rendezvous
