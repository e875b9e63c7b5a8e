package redirect

import (
	"errors"
	"fmt"
	"sync"
)

// Stdout redirects stdout to the file at path.
func Stdout(path string, opts ...Option) (*Redirection, error) {
	return redirect([]target{{stdout, path}}, collect(opts))
}

// Stderr redirects stderr to the file at path.
func Stderr(path string, opts ...Option) (*Redirection, error) {
	return redirect([]target{{stderr, path}}, collect(opts))
}

// Both redirects stdout to outPath and stderr to errPath, both or neither. When
// the two are the same file the streams share one open file description.
func Both(outPath, errPath string, opts ...Option) (*Redirection, error) {
	return redirect([]target{{stdout, outPath}, {stderr, errPath}}, collect(opts))
}

// Stream redirects the stream of that name, "stdout" or "stderr". Any other
// name is an error that wraps ErrUnknownStream.
func Stream(name, path string, opts ...Option) (*Redirection, error) {
	for _, s := range streams {
		if s.String() == name {
			return redirect([]target{{s, path}}, collect(opts))
		}
	}
	return nil, fmt.Errorf("redirecting %q to %s: %w", name, path, ErrUnknownStream)
}

// ErrUnknownStream is what Stream's error wraps for a name it does not know.
var ErrUnknownStream = errors.New("unknown stream (want stdout or stderr)")

// Redirection is one redirection in force. It must be restored, also when the
// process is about to exit, if it is a tee.
type Redirection struct {
	layers []*layer
	flush  func() error
	// merged tells that both streams go through one pump.
	merged bool

	restore sync.Once
	err     error
}

// Restore puts the streams back to where they went before and, for a tee, waits
// until everything written before the call has arrived. Calls after the first
// wait for it and return the same.
//
// The streams are restored even when an error is returned; the error tells of a
// failed flush, of bytes that a tee could not deliver, or of a descriptor that
// the kernel refused to put back.
func (r *Redirection) Restore() error {
	r.restore.Do(func() { r.err = r.undo() })
	return r.err
}
