//go:build linux

package agent

import (
	"errors"
	"fmt"
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
	switch {
	case errors.Is(err, packed.ErrNone):
		return &Failure{job.StatusUsage, `this sluice has no engine for runs over several machines: it was built without one, or what make build puts behind the program is gone (strip takes it away, and a copy that was cut short lacks it)
  install the bin/sluice of make build as it is, or what go build ./cmd/sluice makes`}
	case errors.Is(err, packed.ErrDamaged):
		return &Failure{job.StatusInternal, fmt.Sprintf("the engine for runs over several machines: %v\n  install sluice again: this copy is not what was built", err)}
	}
	return err
}
