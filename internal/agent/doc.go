// Package agent is the two processes that a `sluice run` is made of: the
// launcher, which the user started, and the agent, which owns the gang. Each
// guards the other; docs/design.md tells how.
//
//	launcher                         agent                     guardian
//	  Spawn ------ fork ------------>  Main
//	  Launch ----- start, spec ----->  launch.Prepare, Start
//	         <---- hold, pipes ------                  (detached, kept) --->
//	         <---- started ----------
//	         ----- signal, suspend ->  Handle.Stop, Suspend
//	         <---- ended, status ----
//
// A link that ends without "ended" is the other side's death.
package agent
