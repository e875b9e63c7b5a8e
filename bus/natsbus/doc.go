// Package natsbus is the bus of a run over NATS: a server within the process of
// one agent (Listen), or servers of somebody else's; connections to either (Dial);
// and a rendezvous.Store on JetStream (Conn.Store).
//
// # Subjects
//
// All subjects of a run are below "sluice.KEY.", KEY being made of the run id by
// Key: runs that share a server do not see each other. Answers come below
// "_INBOX.ID.", ID being made of the name of the connection. The store is the
// key-value bucket "sluice_KEY".
//
// The embedded server allows just these subjects, and lets a connection hear
// nobody's answers but its own. On another server, permissions that do the same
// are, for a run with key 17:
//
//	publish:   sluice.17.>, _INBOX.>, $KV.sluice_17.>, $JS.API.STREAM.*.KV_sluice_17, $JS.API.STREAM.MSG.GET.KV_sluice_17
//	subscribe: sluice.17.>, _INBOX.>, $KV.sluice_17.>
//
// # What NATS does not promise
//
// A cluster tells its servers of a Serve, and of its end, in the background. So
// there Serve and stop take a moment longer, and a call looks a moment longer for
// somebody before it is ErrNobody. A call to a process that has just been killed
// may go to nobody without that being known: give calls a context that ends.
package natsbus
