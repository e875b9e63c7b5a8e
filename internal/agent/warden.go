//go:build linux

package agent

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/launch"
)

// warden is the agent's side of a guardian process, which a run has when no
// launcher stands by.
type warden struct {
	link *link
	pid  int
	id   proc.Identity
}

// hireGuardian starts the guardian's process, unless the run has one from the
// last time it was without a launcher.
func (a *host) hireGuardian() error {
	a.mu.Lock()
	hired := a.guard != nil
	a.mu.Unlock()
	if hired {
		return nil
	}
	l, theirs, err := pair()
	if err != nil {
		return fmt.Errorf("starting the guardian: %w", err)
	}
	defer theirs.Close()
	fd, err := fdpass.Descriptor(theirs)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("starting the guardian: %w", err)
	}
	defer null.Close()
	n := null.Fd()
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"sluice", GuardianCommand}, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{n, n, n, uintptr(fd)}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		l.close()
		return fmt.Errorf("starting the guardian: %w", err)
	}
	w := &warden{link: l, pid: pid}
	if w.id, err = proc.Identify(pid); err != nil {
		l.close()
		return fmt.Errorf("starting the guardian: %w", err)
	}
	a.mu.Lock()
	a.guard = w
	a.mu.Unlock()
	return l.send(message{Kind: kindStarted, Run: a.h.ID(), Dir: a.h.Dir()})
}

// introduce makes it the run's guard.
func (w *warden) introduce(h *launch.Handle) { h.SetGuardian(&w.id, &linkGuard{w.link}) }

// dismissGuardian ends the guardian, if there is one. Without a word from us
// it would take the agent's end for its death.
func (a *host) dismissGuardian() {
	a.mu.Lock()
	w := a.guard
	a.mu.Unlock()
	if w != nil {
		w.dismiss()
	}
}

// dismiss ends it: the run is over.
func (w *warden) dismiss() {
	w.link.send(message{Kind: kindEnded})
	w.link.close()
	var ws syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(w.pid, &ws, 0, nil); err != syscall.EINTR {
			return
		}
	}
}

// except names the children that are not the gang's.
func (a *host) except() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.guard == nil {
		return nil
	}
	return []int{a.guard.pid}
}

// GuardianMain is the guardian's process.
func GuardianMain() int {
	proc.SweepDescriptors()
	beSluice()
	l, err := inherited(linkFD)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		return 2
	}
	g := Agent{link: l} // no terminal: it hears nothing but the agent
	// A hang-up or an interrupt of the session it was started from is not for
	// the guardian: it goes when the agent does.
	ignoreStops()
	if _, err := g.follow(); err != nil {
		return 1
	}
	return 0
}

func ignoreStops() {
	// Notified and never read, rather than ignored: the guardian starts
	// nothing, but a habit of ignoring would be inherited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
}
