package redirect

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
)

// stream is one of the two descriptors, by its number.
type stream int

const (
	stdout stream = 1
	stderr stream = 2
)

var streams = [...]stream{stdout, stderr}

func (s stream) String() string {
	if s == stderr {
		return "stderr"
	}
	return "stdout"
}

// layer is one redirection of one stream.
type layer struct {
	stream stream
	owner  *Redirection
	// log stays open so that a later redirection to the same file can share
	// its open file description.
	log descriptor
	// former is what the stream was before, or, once the layer below has been
	// taken out, what it was before that one.
	former former
	// in is the pipe's writing end where the system has the stream refer to it
	// instead of copying it; pump is nil without Tee.
	in   descriptor
	pump *pump
}

// chains holds the layers in force, the latest last. It is package state because
// what it describes is: a process has one stdout and one stderr, and two
// goroutines that each kept a stack of their own would put back each other's
// descriptors.
var chains struct {
	sync.Mutex
	of [stderr + 1][]*layer
}

func top(s stream) *layer {
	if c := chains.of[s]; len(c) > 0 {
		return c[len(c)-1]
	}
	return nil
}

// mergeable tells whether both streams may share one pipe. Not only must they
// go to the same place now, they must also do so after any layer below was taken
// out, because bytes that share a pipe cannot be told apart again.
func mergeable(a, b *layer) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.owner == b.owner && a.owner.merged
}

// undo takes r's layers out of their chains.
func (r *Redirection) undo() error {
	errs := r.unlink()
	var done *pump
	for _, l := range r.layers {
		if l.pump == nil || l.pump == done {
			continue
		}
		// Waiting with the chains unlocked: a terminal that takes nothing holds
		// up this Restore, and not those of others.
		done = l.pump
		done.settle(true)
		errs = append(errs, done.loss(l.stream))
	}
	return errors.Join(errs...)
}

func (r *Redirection) unlink() []error {
	chains.Lock()
	defer chains.Unlock()
	var errs []error
	if r.flush != nil {
		if err := r.flush(); err != nil {
			errs = append(errs, fmt.Errorf("flushing buffers before restoring: %w", err))
		}
	}
	for _, l := range r.layers {
		if above := l.above(); len(above) > 0 {
			errs = append(errs, rebase(above, l.former))
		}
	}
	// Children are forked before both streams go back or after: a shared lock
	// here keeps forks out, which hold it alone.
	syscall.ForkLock.RLock()
	for _, l := range r.layers {
		if top(l.stream) == l {
			if err := l.former.putBack(l.stream); err != nil {
				errs = append(errs, fmt.Errorf("restoring %s: %w", l.stream, err))
			}
			l.former.close()
		}
	}
	syscall.ForkLock.RUnlock()
	for _, l := range r.layers {
		l.remove()
		l.in.close()
		l.log.close()
	}
	return errs
}

// above is the layers over l, the latest last.
func (l *layer) above() []*layer {
	c := chains.of[l.stream]
	return c[slices.Index(c, l)+1:]
}

func (l *layer) remove() {
	c := chains.of[l.stream]
	i := slices.Index(c, l)
	chains.of[l.stream] = slices.Delete(c, i, i+1)
}

// rebase puts the layers, which lay over one that goes, over f. What their tees
// have not delivered yet was written while that layer was there and still passes
// through it, from the uppermost pipe down to the lowest.
func rebase(layers []*layer, f former) error {
	for _, l := range slices.Backward(layers) {
		if l.pump != nil {
			l.pump.settle(false)
		}
	}
	l := layers[0]
	var err error
	if l.pump != nil {
		if err = l.pump.retarget(f); err != nil {
			err = fmt.Errorf("putting the tee of %s over its new destination: %w", l.stream, err)
		}
	}
	l.former.close()
	l.former = f
	return err
}
