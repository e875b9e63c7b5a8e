package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/stream/console"
)

// ground makes what all attempts share.
func (h *Handle) ground() (err error) {
	h.spawner, err = proc.NewSpawner(proc.SpawnerOptions{Pdeathsig: syscall.SIGKILL, Nice: h.spec.Nice})
	if err != nil {
		return explain("starting run", err)
	}
	h.parent.Store(h.spawner)
	enter(h)
	h.reaper = proc.StartReaper(oneOfOurs)
	if h.cgroups, err = proc.NewCgroups("/", h.id); err != nil {
		h.rec.NoCgroup = err.Error()
	} else {
		h.rec.Cgroup = h.cgroups.Path()
	}
	h.limit, h.packing = make(chan struct{}, 8), make(chan struct{}, 2)
	// One for all: a user has 128 inotify instances.
	if h.spec.Rotate.MaxSize > 0 && !h.spec.Redirect.IsZero() {
		if h.watcher, err = stream.NewWatcher(); err != nil {
			return explain("watching logs for their size", err)
		}
	}
	// A detached run may get a launcher later: its console shows nothing yet.
	if h.opt.Stdout != nil || h.opt.Stderr != nil || h.opt.Detached {
		h.console = console.New(console.Config{
			Out: h.sink(h.opt.Stdout), Err: h.sink(h.opt.Stderr),
			Spec: h.spec.Console, Workers: h.spec.Workers, Host: h.host, Role: h.spec.Role,
			Color: h.opt.Color, ErrColor: h.opt.ErrColor, TTY: h.opt.TTY, ErrTTY: h.opt.ErrTTY,
			Width: h.opt.Width, Height: h.opt.Height, Progress: h.opt.Progress, OnEvent: h.emit,
			TellUnread: !h.spec.Console.Quiet,
		})
	}
	if h.opt.Jobs && h.opt.OwnProcess {
		h.reaper.OwnSession()
	}
	if h.spec.Pty != nil {
		h.noStops = h.watchStops()
	}
	h.input, err = newStdin(h.spec, h.opt.Stdin)
	return err
}

// ours tells whether a child of this process is the run's to reap.
func (h *Handle) ours(pid int) bool {
	if h.spawner.Owns(pid) || pid == int(h.stallPid.Load()) {
		return true
	}
	return h.opt.Except != nil && slices.Contains(h.opt.Except(), pid)
}

// sink makes a sink of a file of the launcher's.
func (h *Handle) sink(f *os.File) console.Sink {
	if f == nil {
		return nil
	}
	s := console.NewFDSink(int(f.Fd()))
	h.sinks = append(h.sinks, s)
	return s
}

// setSinks changes where the console goes, and lets go of where it went: who
// reads there is waiting for the end.
func (h *Handle) setSinks(stdout, stderr *os.File) {
	if h.console == nil {
		return
	}
	old := h.sinks
	h.sinks = nil
	h.console.SetSinks(h.sink(stdout), h.sink(stderr))
	for _, s := range old {
		s.Close()
	}
}

// startGang starts every worker of an attempt. If one cannot be started, those
// already running are killed: there is no half gang.
func (h *Handle) startGang() error {
	h.first, h.failures = nil, 0
	h.told, h.gaveUp, h.pardoned, h.elsewhere = false, false, false, ""
	h.goOn()
	h.phase = phaseRunning
	h.gangStart = time.Now()
	h.oom = sync.OnceValue(func() *proc.OOMWatch { return proc.NewOOMWatch("/", nil) })
	go h.oom() // it reads some files, which the workers need not wait for
	h.lastData.Store(h.gangStart.UnixNano())
	// The stall of a gang that --stall-signal ended is not this one's.
	h.stalled, h.stallSignal, h.stallStopAt = false, false, time.Time{}
	h.workers = make([]*worker, h.spec.Workers)
	locals := make([]int, h.spec.Workers)
	for l := range locals {
		locals[l] = l
	}
	err := h.startWorkers(locals, h.attempt)
	if err != nil {
		h.rollback()
	}
	return err
}

// command is what one worker executes.
func (h *Handle) command(w *worker, files [3]*os.File) (*proc.Cmd, error) {
	in, err := h.input.file(w.local)
	if err != nil {
		return nil, err
	}
	env, err := h.env.worker(w.local, w.life, h.restartCount(w), w.dir, h.place)
	if err != nil {
		return nil, err
	}
	// A worker on a terminal reads that, unless the standard input was given to
	// somebody by name.
	if h.spec.Pty == nil || h.spec.Stdin.Mode != job.StdinDefault {
		files[0] = in
	}
	c := &proc.Cmd{
		Terminal: h.terminalMode(files[1]),
		Path:     h.path, Args: h.argv(w.local), Env: h.workerEnv(env, w), Dir: h.spec.Cwd,
		Files: files[:], Rlimits: h.spec.Rlimits, Cgroup: w.cg,
	}
	h.bind(w.local, c)
	return c, nil
}

// restartCount is what a worker is told about lives before its own.
func (h *Handle) restartCount(w *worker) int {
	if h.scope() == job.RestartWorker {
		return w.life
	}
	return h.restarts
}

// argv are the arguments of one local rank: the same for all, unless they have
// macros.
func (h *Handle) argv(local int) []string {
	if h.spec.Torch == nil || !h.spec.Torch.Macros || h.spec.Func != "" {
		return h.args
	}
	return job.ExpandCommand(h.args, local)
}

// begun takes over a worker that has just been executed.
func (h *Handle) begun(w *worker, p *proc.Process) {
	w.proc = p
	w.out.Started = time.Now()
	w.out.PID = p.Pid()
	h.startPumps(w)
	if w.session != nil {
		h.began(w)
	}
	h.reportBinding(w)
	rank := w.rank
	h.emit(job.Event{Type: job.EventWorkerStarted, Attempt: w.life, Rank: &rank, LocalRank: w.otherLocal(), PID: w.out.PID, Time: w.out.Started})
	// exits has room for every worker and nobody lives twice unread, so the
	// send cannot block even if the loop is busy starting others.
	p.OnExit(func() { h.exits <- w })
}

// makeDir makes a worker's directory, and that of the attempt with its first.
// It must be new: its logs count on that.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(filepath.Dir(dir), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			err = os.Mkdir(dir, 0o700)
		}
	}
	return err
}

// startError names the rank that could not be started.
type startError struct {
	w   *worker
	err error
}

func (e *startError) Error() string {
	return fmt.Sprintf("rank %d could not be started: %v", e.w.rank, e.err)
}
func (e *startError) Unwrap() error { return e.err }

// rollback kills what did start.
func (h *Handle) rollback() {
	for _, w := range h.workers {
		switch {
		case w == nil:
		case w.proc == nil:
			w.abandonTaps()
			w.ended, w.gone = true, true
		default:
			w.cause = job.CausePeer
			h.kill(w)
		}
	}
}

// gangFailed ends the run whose gang could not be started: a command that
// cannot be executed now cannot be a second later.
func (h *Handle) gangFailed(err error) {
	h.startFailed(err)
	h.stop.asked, h.stop.final = true, true
}

// startFailed turns a failed start into the worker's outcome; the loop waits
// for what is being killed.
func (h *Handle) startFailed(err error) {
	var w *worker
	var se *startError
	if errors.As(err, &se) {
		w, err = se.w, se.err
	} else if w = h.workers[0]; w == nil {
		w = h.newWorker(0, h.attempt)
		w.ended, w.gone = true, true
		h.workers[0] = w
	}
	w.out.Kind, w.out.Code = job.KindStartFailed, job.StatusInternal
	w.out.Detail = err.Error()
	w.out.Ended = time.Now()
	w.out.FailedAt = w.out.Ended
	if w.proc == nil {
		w.abandonTaps()
		w.ended, w.gone = true, true
	}
	var pe *proc.StartError
	if errors.As(err, &pe) {
		w.out.Code = pe.Status
	}
	for _, o := range h.workers {
		if o == nil || o == w {
			continue
		}
		o.because = &w.rank
		if o.proc == nil { // its turn never came
			o.out.Kind, o.out.Cause, o.out.Because = job.KindStartFailed, job.CausePeer, &w.rank
		}
	}
	if h.first == nil {
		h.first = w
	}
	h.failures++
	out := w.out
	h.emit(job.Event{Type: job.EventWorkerEnded, Rank: &w.rank, Attempt: h.attempt, Outcome: &out})
}

// checkDescriptors fails early, with the number that is needed.
func checkDescriptors(workers int) error {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return nil
	}
	// Two pipes, two logs and a pidfd for each worker, two crews of workers'
	// own ends, and some for ourselves.
	need := uint64(5*workers + 4*min(2*batch, workers) + 40)
	if lim.Max >= need {
		return nil
	}
	return fmt.Errorf("%d workers need %d open files and the limit is %d: raise it with ulimit -n %d (as root: ulimit -Hn)",
		workers, need, lim.Max, need)
}

// explain names the limit behind an error of the system.
func explain(doing string, err error) error {
	var hint string
	switch {
	case errors.Is(err, syscall.EMFILE):
		hint = "this process has too many open files; raise ulimit -n"
	case errors.Is(err, syscall.ENFILE):
		hint = "the system has too many open files; see /proc/sys/fs/file-max"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint = "no space left for logs; free some or choose another --log-dir"
	case errors.Is(err, syscall.EROFS):
		hint = "the file system is read-only; choose another --log-dir"
	case errors.Is(err, syscall.ENOENT):
		hint = "the log dir was removed while the run started"
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w (%s)", doing, err, hint)
}

func itoa(n int) string { return strconv.Itoa(n) }
