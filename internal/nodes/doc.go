// Package nodes lets the machines of a run look into each other: a request for
// another node goes over a byte stream of the bus to that node's agent, which
// answers it as its own socket would. Live bytes are on their way only while
// somebody takes them, since logs are read from the node's files as the asker
// reads, and a stream's window bounds what is between.
//
//	sluice ── unix socket ── agent ── stream of the bus ── agent ── files, terminals
//	          Server.Stream  Peers.Forward                 api.ServeConn
package nodes
