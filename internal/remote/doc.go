// Package remote starts one run on several hosts over ssh and shows it as one.
//
//	starter                                     host (one ssh each)
//	  ssh HOST sh; the script of boot -------->   exec sluice __node
//	             <-- mark, hello: version, addresses, a port --
//	  probe: which addresses of the first host -->
//	             <-- reached ----------------------
//	  start: spec, credentials, rank ---------->   agent.Launch, as sluice run does
//	             <-- events, opened logs, their bytes
//	  credit, signals ------------------------->
//	             <-- ended: the result; closed logs; bye
//
// What goes to a host is one JSON object a line. What comes back are frames (see
// Writer), as most of it is output. Nothing is started anywhere before every host
// has said hello, so a name that is misspelt leaves nothing behind.
//
// The standard input of a node is its lifeline: when it ends, because ssh died, or
// the starter, or the network between them, the node stops its gang as for SIGTERM
// and ends. The output of the workers is read from their logs, by offset, and only as
// far as the starter has given credit for: a slow screen keeps bytes in the logs of
// the host, never a worker waiting.
package remote
