//go:build linux

package agent

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/elastic/health"
	"github.com/sluicerun/sluice/elastic/watchdog"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/report"
)

// services are what torchrun offers besides running workers: deadlines for them,
// and an answer for whoever supervises us.
type services struct {
	timers *watchdog.Server
	health *health.Server
}

// openServices opens what the spec asks for. It comes before the gang, which is
// told where to find it.
func (a *host) openServices(spec *job.Spec) (services, error) {
	var s services
	t := spec.Torch
	if t == nil {
		return s, nil
	}
	if t.TimerFile != "" {
		if err := a.openTimers(t, &s); err != nil {
			return s, err
		}
	}
	if t.HealthPort > 0 {
		var err error
		addr := net.JoinHostPort("", strconv.Itoa(t.HealthPort))
		if s.health, err = health.Listen(addr, a.progress); err != nil {
			s.close()
			return s, &job.UsageError{Field: "TORCHELASTIC_HEALTH_CHECK_PORT", Value: strconv.Itoa(t.HealthPort),
				Why: err.Error()}
		}
	}
	return s, nil
}

func (a *host) openTimers(t *job.Torch, s *services) error {
	if t.TimerFile == job.TimerAuto {
		dir, err := runs.SocketDir()
		if err != nil {
			return fmt.Errorf("making a place for the workers' timers: %w", err)
		}
		t.TimerFile = filepath.Join(dir, "timers-"+rand.Text()[:8])
	}
	var err error
	s.timers, err = watchdog.Listen(t.TimerFile, watchdog.Options{
		Known: func(pid int) bool {
			h := a.running()
			return h != nil && h.Has(pid)
		},
		OnExpire: func(e watchdog.Expired) { a.running().Expired(e.PID, e.Scope, job.Signal(e.Signal)) },
	})
	if err != nil {
		return &job.UsageError{Field: "TORCHELASTIC_TIMER_FILE", Value: t.TimerFile, Why: err.Error(), Hint: "name a path for a new FIFO"}
	}
	return nil
}

// heard passes the ends of workers on to those who count by process.
func (s services) heard(e job.Event) {
	if s.timers != nil && e.Type == job.EventWorkerEnded && e.PID > 0 {
		s.timers.Forget(e.PID)
	}
}

func (s services) close() {
	if s.timers != nil {
		s.timers.Close()
	}
	if s.health != nil {
		s.health.Close()
	}
}

// progress asks the loop of the run: it answers as long as it supervises.
func (a *host) progress() health.Progress {
	h := a.running()
	if h == nil {
		return health.Progress{State: "starting", Last: time.Now()}
	}
	alive, restarts, state := h.Beat()
	return health.Progress{State: state, Last: time.Now(), Alive: alive, Restarts: restarts, Run: h.ID()}
}

// running is the run, once there is one.
func (a *host) running() *launch.Handle {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.h
}

// handOn gives the root cause's error file to whoever started us with a
// TORCHELASTIC_ERROR_FILE of our own.
func (a *host) handOn(res job.Result) {
	dst, first := os.Getenv("TORCHELASTIC_ERROR_FILE"), res.FirstFailure()
	if a.h.Spec().Torch == nil || dst == "" || first == nil || first.ErrorFile == "" {
		return
	}
	code := first.Code
	if first.Kind == job.KindSignaled {
		code = -int(syscall.Signal(first.Signal))
	}
	if err := report.CopyErrorFile(first.ErrorFile, dst, code); err != nil {
		fmt.Fprintln(a.err, "sluice:", err)
	}
}
