package elastic

import (
	"errors"
	"fmt"
	"sync"

	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/rendezvous"
)

// relay hands the ends of rounds on in the words of launch, and remarks.
type relay struct {
	changes chan launch.Change
	notes   chan string // remarks for people, for OnNote
	quit    chan struct{}
	wg      *sync.WaitGroup
	stop    func()
}

func newRelay() relay {
	quit, wg := make(chan struct{}), new(sync.WaitGroup)
	return relay{changes: make(chan launch.Change, 1), notes: make(chan string, 64), quit: quit, wg: wg,
		stop: sync.OnceFunc(func() {
			close(quit)
			wg.Wait()
		})}
}

// OnNote has remarks for people go to f, from a goroutine of its own, until Close.
// It comes before the first Join.
func (r *relay) OnNote(f func(string)) {
	r.wg.Go(func() {
		for {
			select {
			case text := <-r.notes:
				f(text)
			case <-r.quit:
				return
			}
		}
	})
}

// note never waits: it is called where others do.
func (r *relay) note(text string) {
	select {
	case r.notes <- text:
	default: // nobody listens
	}
}

// run hands on what comes from a rendezvous, until stop.
func (r *relay) run(from <-chan rendezvous.Change, words func(rendezvous.Change) string) {
	r.wg.Go(func() {
		for {
			select {
			case c := <-from:
				select {
				case <-r.changes: // nobody took the one of an earlier round
				default:
				}
				own := launch.Change{Again: c.Kind == rendezvous.Again, Now: c.Now, Why: words(c)}
				if c.Failure != nil {
					own.Stopped = c.Failure.Stopped
				}
				r.changes <- own
			case <-r.quit:
				return
			}
		}
	})
}

// Changes implements launch.World.
func (r *relay) Changes() <-chan launch.Change { return r.changes }

// elsewhere puts failures of other nodes into launch's words.
func elsewhere(err error) error {
	var failed *rendezvous.FailedError
	var again *rendezvous.AgainError
	var lost *rendezvous.LostError
	switch {
	case errors.As(err, &failed):
		return &launch.Elsewhere{Why: failed.Failure.String(), Stopped: failed.Failure.Stopped, Status: failed.Failure.Status}
	case errors.As(err, &lost):
		return &launch.Elsewhere{Why: lost.Why}
	case errors.As(err, &again):
		return &launch.Elsewhere{Why: again.Error(), Again: true}
	}
	return err
}

// startAgain is the end of a round that is not the run's, for people. One that was
// counted is a restart of those that are allowed.
func startAgain(c rendezvous.Change, allowed int, counted bool) string {
	text := fmt.Sprintf("%v: %s; all nodes start again", c.Node, c.Why)
	if counted {
		text += fmt.Sprintf(" (%d of %d)", c.Restarts, allowed)
	}
	return text
}
