// Package elastic gives a gang of PyTorch workers its place in the world: the
// agent store they meet at, and, with several nodes, the rendezvous that says
// which ranks are whose in each round.
//
// It is the launch.World of a run that keeps torchrun's rules. On one node it
// hosts a fresh store for every attempt, so that nothing of an attempt that
// failed is met by the next and no port is chosen before it is bound. With
// several nodes of a fixed number the agent of node 0 serves, on the port that all
// were told, both the agents' rendezvous and the workers' store; the latter is
// emptied between rounds.
//
// Nodes is the world of those that come and go. They meet over NATS, at the endpoint
// or at servers of somebody else, and group rank 0 hosts a fresh store for every
// round.
package elastic
