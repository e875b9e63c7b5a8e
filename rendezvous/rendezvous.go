package rendezvous

import (
	"context"
	"fmt"
	"time"
)

// Rendezvous is one node's seat in a run. The life of an agent is
//
//	for each round: Join; start the workers; then the first of
//	    all workers succeeded        Done, and go
//	    a worker failed, again       Again, stop the workers, Join
//	    a worker failed, for good    Fail, stop the workers, go
//	    a Change came                stop the workers; Join after Again, else go
//	Close
//
// Methods may be called from several goroutines, but one Join at a time.
type Rendezvous interface {
	// Join takes part in the next round and returns when it is formed. The
	// context bounds the wait. A meeting that cannot come to be, or a run that
	// has failed, is a *FailedError; after any error this seat is lost.
	Join(ctx context.Context) (Round, error)

	// Changes tells that the round has ended, whoever ended it, this node
	// included: one Change at most for a round, none for success and none
	// between rounds. A Change that nobody took is gone with the next Join. The
	// channel is never closed.
	Changes() <-chan Change

	// Again ends the round: all nodes stop their workers and Join the next one.
	// If it has ended that way already, that is the same restart. It is a
	// *FailedError if the run has failed meanwhile.
	Again(ctx context.Context, why string) error

	// Fail ends the run for everybody, with the culprit, or as somebody asked for it. Node is filled in. If
	// the run has ended in failure already, the first culprit stays. It may be
	// called before the first Join, so that the others need not wait for it.
	Fail(ctx context.Context, why Failure) error

	// Done says that this node's workers have all succeeded and waits until
	// every node has said so. A node failed: *FailedError. A node restarts, so
	// this one must as well: *AgainError. The context bounds the wait alone: its
	// error names the nodes that still work, and does not make this node's
	// success a failure.
	Done(ctx context.Context) error

	// Close gives the seat up. A node that leaves a round it is not done with
	// fails the run. The Store stays open, for whoever opened it.
	Close() error
}

// Kind says how a round ended.
type Kind string

const (
	Again  Kind = "again"  // all meet again in the next round
	Failed Kind = "failed" // the run has failed for good
	Lost   Kind = "lost"   // the store cannot be reached any more: nothing is known
)

// Change is the end of a round, other than success.
type Change struct {
	Kind     Kind
	Node     Node     // who ended it; this node for Lost
	Why      string   // for people
	Failure  *Failure // of Failed only
	Restarts int      // how many Again so far, this one included
	// Now: the workers must be killed at once, because the others may begin
	// without this node.
	Now bool
}

// Failure is what ended a run.
type Failure struct {
	Node Node   `json:"node"`           // filled in by Fail
	Rank int    `json:"rank"`           // global rank of the worker that failed first; -1: no worker did
	Host string `json:"host,omitempty"` // where it ran; the node's name if empty
	Text string `json:"text"`           // what went wrong; cut at 16 KiB
	// At is when, by a clock that all nodes agree about as well as they can;
	// Tail are the last lines that the worker wrote. Static knows neither.
	At   time.Time `json:"at,omitzero"`
	Tail string    `json:"tail,omitempty"`
	// Status is the exit status of what failed; 0: it is not known.
	Status int `json:"status,omitempty"`
	// Stopped is the exit status of a run that somebody asked to stop: nothing has
	// failed. 0: it is a failure.
	Stopped int `json:"stopped,omitempty"`
}

// String is "rank 5 on host b (node 1): exit status 3", or without a rank
// "node 1 (host b): the disk is full". Of a run that was stopped it is who asked.
func (f Failure) String() string {
	if f.Stopped != 0 {
		return f.Text
	}
	if f.Rank < 0 {
		return fmt.Sprintf("%v: %s", f.Node, f.Text)
	}
	host := f.Host
	if host == "" {
		host = f.Node.Name
	}
	return fmt.Sprintf("rank %d on host %s (node %d): %s", f.Rank, host, f.Node.Rank, f.Text)
}

// FailedError tells that the run has failed, wherever that was.
type FailedError struct {
	RunID   string
	Failure Failure
}

func (e *FailedError) Error() string {
	if e.Failure.Stopped != 0 {
		return fmt.Sprintf("run %q was %v", e.RunID, e.Failure)
	}
	return fmt.Sprintf("run %q has failed: %v", e.RunID, e.Failure)
}

// AgainError tells that the round ended with a restart while this node was done
// with it.
type AgainError struct {
	Node Node   // who asked for it
	Why  string // for people
}

func (e *AgainError) Error() string {
	return fmt.Sprintf("%v asks everybody to meet again: %s", e.Node, e.Why)
}

// LostError tells that those who lead the run cannot be reached any more.
type LostError struct{ Why string }

func (e *LostError) Error() string { return e.Why }
