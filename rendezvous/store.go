package rendezvous

import "context"

// Store is a map that all nodes share. Package storetest has the conformance
// suite; Local is one within a process. Keys and values are any bytes; a key with
// an empty value exists.
//
// A Store may be used from many goroutines at once, and a Wait must not hold up
// the other calls on the same Store. A call whose context has ended returns an
// error that wraps the context's.
type Store interface {
	// Set writes value, whatever was there.
	Set(ctx context.Context, key string, value []byte) error
	// Get reads without waiting; ok tells whether the key exists.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Wait returns when all keys exist, at once if they do.
	Wait(ctx context.Context, keys ...string) error
	// Add adds delta to a number kept as decimal text, 0 if the key is
	// missing, and returns the sum.
	Add(ctx context.Context, key string, delta int64) (int64, error)
	// CompareSet sets key to desired if its value is expected, and returns the
	// value then there. A missing key is set only if expected is empty;
	// otherwise expected is returned (TCPStore's rule).
	CompareSet(ctx context.Context, key string, expected, desired []byte) (current []byte, err error)
	// Delete removes key and tells whether it was there. It wakes nobody.
	Delete(ctx context.Context, key string) (bool, error)
	// Close ends the calls in progress, with an error. The map lives on.
	Close() error
}

// Reserved begins every key of the agents, whatever the run. A store that serves
// workers as well keeps theirs apart by it.
const Reserved = "torch.rendezvous"

// Prefix is what the keys of a run begin with.
func Prefix(runID string) string { return Reserved + "." + runID + "/" }

// fenceKey is the one key outside of every run's prefix: nodes that disagree
// about the run id would not meet below it.
const fenceKey = Reserved + "/run"
