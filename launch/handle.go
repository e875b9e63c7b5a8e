package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/stream/console"
	"github.com/sluicerun/sluice/topo"
)

// Handle is a run that goes on. Its methods may be called from any goroutine.
//
// One goroutine, the loop, owns everything below "loop"; methods hand it
// closures. It ends, and closes done, when the run has ended.
type Handle struct {
	id, dir string
	given   job.Spec // as Prepare completed it; never changes
	spec    job.Spec // the loop's: what is shown may change
	opt     Options
	host    string

	cmds chan func()
	done chan struct{}

	lastData atomic.Int64                 // unix nanoseconds of the latest output of any rank
	parent   atomic.Pointer[proc.Spawner] // the loop's spawner, for Has

	// loop
	ctx       context.Context
	rec       *runs.Record
	events    *recorder
	env       *environ
	spawner   *proc.Spawner
	reaper    *proc.Reaper
	cgroups   *proc.Cgroups
	console   *console.Console
	sinks     []*console.FDSink // the console's
	input     *stdin
	limit     chan struct{}   // bounds the pumps that work at once
	packing   chan struct{}   // bounds the archives that are compressed at once
	watcher   *stream.Watcher // tells of logs that workers write themselves and we cut
	path      string          // the resolved command
	args      []string
	attempt   int
	restarts  int
	started   time.Time // of the run
	gangStart time.Time // of the attempt
	workers   []*worker // by rank; the latest life of each
	exits     chan *worker
	phase     phase
	stop      stopState
	first     *worker // the failure that came first in this attempt
	failures  int
	stalled   bool
	result    job.Result
	tickAt    time.Time // next look at what outlives its worker
	backoffAt time.Time
	saveAt    time.Time // when run.json is written anew
	oom       func() *proc.OOMWatch
	reborn    map[int]bool // ranks between two lives
	saved     func() error // waits for the first run.json
	asked     map[int]bool // strays that had their signal
	stallPid  atomic.Int64 // of --on-stall, while it runs; the reaper asks
	startErr  error        // why the first gang did not start

	bound  []topo.Binding // by local rank; nil without binding
	doubts []string       // about the plan for it

	place     Place         // of this attempt's gang
	changes   <-chan Change // of the world since Join; nil without one
	joins     chan joined
	joining   chan struct{} // closed when no Join is under way
	lefts     chan error
	leave     context.CancelFunc // ends a Join or Done that is under way
	worldly   sync.WaitGroup     // calls of the world that are under way
	told      bool               // of this attempt's failure, or being told
	left      bool               // the others have been told that all is done here
	gaveUp    bool               // being told that there is no restart left for it
	pardoned  bool               // it was another node's end: it does not count
	telling   chan struct{}      // closed when that is done
	toldStop  bool               // the others were told that the whole run is to end
	elsewhere string             // the failure on another node that came first

	stallStopAt time.Time // when a stalled gang is stopped, after its stacks
	stallSignal bool      // --stall-signal went out
	suspended   bool      // by ^Z: no silence counts

	fullTold atomic.Bool // that a worker waits for room on the disk; any pump

	sessMu  sync.Mutex // guards sess, for those who ask; the loop alone changes it
	sess    sessions
	base    atomic.Int64  // the rank of local rank 0
	noStops func()        // ends the watch for stopped programs
	ending  chan struct{} // closed by noMore when no further gang will be started
	noMore  func()
	never   func() // closes done where there will be no loop that does
	before  func() // of the first worker; nil: nothing

	logs      []*stream.Log   // every log that was made, but
	shared    []*stream.Log   // those that sessions and their clients read
	closing   sync.WaitGroup  // those that are being closed
	patience  context.Context // ends when nobody waits for the console any more
	impatient context.CancelFunc
}

type phase int

const (
	phaseRunning phase = iota
	phaseBackoff       // between two attempts
	phaseJoining       // waits for a place
	phaseTelling       // all workers have ended; the others are being told of a failure
	phaseLeaving       // all workers succeeded; those of other nodes may go on
	phaseEnded
)

// Prepare checks spec and makes the run's directory. Nothing is started; a run
// that is not started is removed with Discard.
func Prepare(spec job.Spec, opt Options) (*Handle, error) {
	if spec.Workers == 0 {
		spec.Workers = 1
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if spec.Nodes.Several() && opt.World == nil {
		return nil, &job.UsageError{Field: "nodes", Why: "nothing joins this gang with those of the other nodes", Hint: "set Options.World: elastic.New makes one"}
	}
	if spec.Name == "" {
		spec.Name = spec.RunName()
	}
	// Shells on a terminal ignore SIGTERM; they end when it is hung up.
	if spec.Pty != nil && spec.Stop.Signal == 0 && !signal.Ignored(syscall.SIGHUP) {
		spec.Stop.Signal = job.SIGHUP
	}
	if opt.Environ == nil {
		opt.Environ = os.Environ()
	}
	h := &Handle{
		given: spec, spec: spec, opt: opt, host: runs.Hostname(),
		cmds: make(chan func()), done: make(chan struct{}), ending: make(chan struct{}),
		joins: make(chan joined, 1), lefts: make(chan error, 1),
		exits: make(chan *worker, spec.Workers), reborn: map[int]bool{}, asked: map[int]bool{},
	}
	h.noMore = sync.OnceFunc(func() { close(h.ending) })
	h.never = sync.OnceFunc(func() { close(h.done) })
	h.patience, h.impatient = context.WithCancel(context.Background())
	if err := h.resolve(); err != nil {
		return nil, err
	}
	if err := checkDescriptors(spec.Workers); err != nil {
		return nil, err
	}
	if err := h.planBindings(); err != nil {
		return nil, err
	}
	var err error
	if h.id, h.dir, err = runs.Create(spec.Name, spec.LogDir); err != nil {
		return nil, err
	}
	return h, nil
}

// resolve finds the program before anything is made, so that a misspelt
// command leaves nothing behind.
func (h *Handle) resolve() error {
	if h.spec.Func != "" {
		return h.resolveFunc()
	}
	// The last local rank's: it is the first to lack a device.
	env, err := newEnviron(&h.spec, h.opt.Environ, "", "", h.host).worker(h.spec.Size()-1, 0, 0, "", Place{})
	if err != nil {
		return err
	}
	path, err := proc.LookPath(h.spec.Command[0], h.spec.Cwd, env)
	if err != nil {
		return err
	}
	if err := proc.Check(path, h.spec.Cwd); err != nil {
		return err
	}
	h.path, h.args = path, h.spec.Command
	return nil
}

// ID is the run's id.
func (h *Handle) ID() string { return h.id }

// Dir is the run's directory, absolute.
func (h *Handle) Dir() string { return h.dir }

// Spec is the spec with its defaults filled in.
func (h *Handle) Spec() job.Spec { return h.given }

// Discard removes the directory of a run that was not started. It counts as
// ended from then on.
func (h *Handle) Discard() {
	os.RemoveAll(h.dir)
	h.noMore()
	if h.ctx == nil {
		h.never()
	}
}

// Before has f called right before the first worker is started: for what its
// workers have to find, but which need not hold up the rest of the start.
func (h *Handle) Before(f func()) { h.before = f }

// Start starts the gang: all workers or none. socket is the control socket's
// path, told to the workers; it may be empty.
func (h *Handle) Start(ctx context.Context, socket string) (err error) {
	if h.ctx != nil {
		return fmt.Errorf("starting run %s: it has been started already", h.id)
	}
	if ctx == nil {
		return fmt.Errorf("starting run %s: there is no context", h.id)
	}
	h.ctx = ctx
	defer func() {
		if err != nil { // no loop will answer those who ask
			h.noMore()
			h.never()
		}
	}()
	h.started = time.Now()
	h.env = newEnviron(&h.spec, h.opt.Environ, h.id, socket, h.host)
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		return fmt.Errorf("starting run: %w", err)
	}
	h.rec = &runs.Record{
		Version: 1, ID: h.id, Name: h.spec.Name, Dir: h.dir, Host: h.host,
		State: runs.Running, Spec: h.spec, Started: h.started,
		Agent: &self, Launcher: h.opt.Launcher, Socket: socket,
	}
	if h.events, err = newRecorder(h.dir, h.opt.OnEvent); err != nil {
		return err
	}
	if err := proc.BecomeSubreaper(); err != nil {
		return fmt.Errorf("starting run: %w", err)
	}
	if err := h.ground(); err != nil {
		h.unground()
		return err
	}
	h.emit(job.Event{Type: job.EventRunStarted, Run: h.id})
	for _, d := range h.doubts {
		h.note(d)
	}
	// Whoever finds the run after a kill -9 in the middle of the start learns
	// from this where its processes are.
	h.saved = h.saveMeanwhile()
	h.nextAttempt()
	if h.phase == phaseJoining {
		select {
		case j := <-h.joins:
			h.onJoined(j)
		case <-time.After(joinAtOnce):
		}
	}
	if err := h.saved(); err != nil { // nothing was started then
		h.unground()
		return explain("starting run", err)
	}
	go h.loop()
	return nil
}

// StartError is why the gang could not be started, or nil. The run then ends
// by itself, and its Result says the same.
func (h *Handle) StartError() error { return h.startErr }

// Wait returns the result once nothing of the run is left.
func (h *Handle) Wait() job.Result {
	<-h.done
	return h.result
}

// Done is closed when the run has ended.
func (h *Handle) Done() <-chan struct{} { return h.done }

// ErrEnded is returned by what needs a run that goes on.
var ErrEnded = errors.New("the run has ended")

// do runs f in the loop and waits for it.
func (h *Handle) do(f func()) error {
	ran := make(chan struct{})
	select {
	case h.cmds <- func() { f(); close(ran) }:
		<-ran
		return nil
	case <-h.done:
		return ErrEnded
	}
}
