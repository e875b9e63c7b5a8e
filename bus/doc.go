// Package bus carries messages between the agents of a run on several machines:
// publications, calls with an answer, and byte streams.
//
// It carries only what can be said again. A message may be lost with a
// connection, and nobody keeps one for later: who needs a fact asks for it, and
// who has one says it again when the link is back. The bytes of logs stay in the
// files of their node and are sent on while somebody looks.
//
// A stream (Dial, Listen) is made of messages with offsets and limits, so that a
// loss breaks it and a slow reader holds up its own writer only.
package bus
