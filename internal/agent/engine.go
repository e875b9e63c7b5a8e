//go:build linux

package agent

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/internal/packed"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// exchange puts an agent of the whole program in the place of a, which has no
// engine and has not been told anything yet. What that agent starts of sluice
// itself is the whole program as well: it comes from /proc/self/exe.
func (a *Agent) exchange() error {
	idle := Agent{link: a.link, pid: a.pid}
	idle.link.close()
	defer idle.reap()
	err := a.start(func(argv []string, attr *syscall.ProcAttr) (int, error) {
		return packed.ForkExec(runs.SocketDir, argv, attr)
	})
	return noWhole("runs over several machines", err)
}

// BecomeWhole puts the whole program in the place of this process.
func BecomeWhole(argv []string) error {
	return noWhole("this command", packed.Exec(runs.SocketDir, argv))
}

// noWhole tells why what needs the whole program does not have it.
func noWhole(what string, err error) error {
	switch {
	case errors.Is(err, packed.ErrNone):
		return &Failure{job.StatusUsage, fmt.Sprintf(`this sluice has no engine for %s: it was built without one, or what make build puts behind the program is gone (strip takes it away, and a copy that was cut short lacks it)
  install the bin/sluice of make build as it is, or what go build ./cmd/sluice makes`, what)}
	case errors.Is(err, packed.ErrDamaged):
		return &Failure{job.StatusInternal, fmt.Sprintf("the engine for %s: %v\n  install sluice again: this copy is not what was built", what, err)}
	}
	return err
}

// NameUnpacked gives this process its name in ps where it was unpacked by BecomeWhole:
// it is called by a number.
func NameUnpacked() {
	if exe, err := os.Readlink("/proc/self/exe"); err == nil && strings.HasSuffix(exe, " (deleted)") {
		beSluice()
	}
}
