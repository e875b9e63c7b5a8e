package console

import (
	"errors"
	"reflect"
)

// Sink takes the console's output. Write is called by one goroutine at a time,
// may block, and follows io.Writer. An error that is ErrClosed means that
// nobody reads any more; the sink is let go quietly.
type Sink interface {
	Write(p []byte) (int, error)
}

// ErrClosed says that the reader of a sink has gone away (EPIPE, or the
// terminal was hung up).
var ErrClosed = errors.New("the reader has gone away")

// errInterrupted ends a write of an FDSink whose console is through with it.
var errInterrupted = errors.New("interrupted")

// sameSink tells whether two sinks are one place: the same value, or two
// descriptors of the same terminal, pipe or file.
func sameSink(a, b Sink) bool {
	if a == nil || b == nil {
		return false
	}
	if x, ok := a.(*FDSink); ok {
		if y, ok := b.(*FDSink); ok {
			return x == y || x.same(y)
		}
		return false
	}
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && t.Comparable() && a == b
}
