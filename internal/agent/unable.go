//go:build linux

package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/elastic"
	"golang.org/x/sys/unix"
)

// unableWord is how long the other nodes are told without a word here.
const unableWord = time.Second

// tellUnable tells the other nodes that the gang cannot be started here: they would
// wait for it. Who is tired of that ends it with a signal.
func (a *host) tellUnable(why error) {
	if a.unmet == nil || !a.unmet.Nodes.Several() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go a.untilTired(cancel)
	text, _, _ := strings.Cut(why.Error(), "\n")
	slow := time.AfterFunc(unableWord, func() {
		fmt.Fprintf(a.err, "sluice: %s\nsluice: the other machines are being told, so that they do not wait for this one; an interrupt ends that\n", text)
	})
	defer slow.Stop()
	if err := elastic.Unable(ctx, *a.unmet, text, StatusOf(why)); err != nil && ctx.Err() == nil {
		fmt.Fprintf(a.err, "sluice: the other machines do not know that this one cannot take part, and may wait for it: %v\n", err)
	}
}

// untilTired calls tired when the launcher gets a signal that would stop the run, or
// is gone. It ends with the process.
func (a *host) untilTired(tired func()) {
	for {
		m, _, err := a.link.recv()
		switch {
		case err != nil, m.Kind == kindSignal && !a.forwarded(m.Signal):
			tired()
			return
		case m.Kind == kindSuspend:
			a.link.send(message{Kind: kindPaused})
		}
	}
}

// forwarded tells whether a signal is for workers.
func (a *host) forwarded(sig int) bool {
	for _, s := range a.unmet.Stop.Forwards() {
		if unix.Signal(s) == unix.Signal(sig) {
			return true
		}
	}
	return false
}
