//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/elastic"
	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/internal/nodes"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"github.com/sluicerun/sluice/stream/console"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// linkFD is where the agent and the guardian find their link.
const linkFD = 3

// host is the agent's own state: the run, and who launched it.
type host struct {
	mu     sync.Mutex
	link   *link // to the launcher; nil when there is none
	h      *launch.Handle
	events *eventWriter
	server *api.Server
	// unserved says why there is none, once serve is ready; "" if there is.
	unserved string

	out   *os.File // the console's
	err   *os.File
	guard *warden
	// keyboard tells that the launcher pumps a terminal into a worker.
	keyboard bool
	jobs     bool   // the worker's terminal is the one of our session
	front    *front // nil: the launcher's terminal shows the console
	record   *recording
	nodes    *nodes.Peers // nil where there is one machine only
	unmet    *job.Spec    // as long as the other nodes cannot know of us
}

// Main is the agent's process. It returns the process's exit status, which
// nobody but a person with a debugger looks at.
func Main() int {
	proc.SweepDescriptors()
	beSluice()
	surviveClosedPipes()
	l, err := inherited(linkFD)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		return job.StatusUsage
	}
	prepare()
	m, fds, err := l.recv()
	files := fdpass.Files(fds)
	if err != nil || m.Kind != kindStart || len(files) == 0 {
		return 0 // the launcher did not need us: bad flags, --help
	}
	a := &host{link: l, out: os.Stdout, err: os.Stderr}
	status, err := a.run(*m.Start, files)
	if err != nil {
		a.tellUnable(err)
		l.send(failed(err))
		return 1
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.link != nil {
		a.link.send(message{Kind: kindEnded, Status: status})
	}
	return 0
}

// beSluice gives the process its name in ps and top: having been executed as
// /proc/self/exe, it is called "exe".
func beSluice() { os.WriteFile("/proc/self/comm", []byte("sluice"), 0) }

// failed gives an error the exit status that it means.
func failed(err error) message {
	m := message{Kind: kindFailed, Text: clip(err.Error(), maxPacket/2), Status: StatusOf(err)}
	var usage *job.UsageError
	if errors.As(err, &usage) && len(usage.Error()) < maxPacket/4 {
		m.Usage = usage
	}
	return m
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + " ..."
}

// run is the agent's life.
func (a *host) run(st Start, files []*os.File) (int, error) {
	var spec job.Spec
	b, err := io.ReadAll(io.NewSectionReader(files[0], 0, 1<<30))
	files[0].Close()
	if err != nil {
		return 0, fmt.Errorf("reading the spec: %w", err)
	}
	if err := coldjson.Unmarshal(b, &spec); err != nil {
		return 0, fmt.Errorf("reading the spec: %w", err)
	}
	a.unmet = &spec
	stdin := os.Stdin
	if st.Stdin && len(files) > 1 {
		stdin = files[1]
		a.keyboard = true
	}
	var line *os.File
	if st.Front != nil {
		line = files[len(files)-1]
	}
	a.jobs = st.Front != nil && st.Front.JobControl
	opt := launch.Options{Jobs: a.jobs, Launcher: &st.Launcher, OwnProcess: true, Progress: st.Progress, Except: a.except}
	if st.Detach {
		opt.Launcher, opt.Detached = nil, true
		stdin = a.leaveTerminal(stdin)
	} else {
		if st.Events == "-" {
			// Lines of workers between the events, or in the middle of one,
			// would be no JSON.
			a.out = a.err
		}
		opt.Stdout, opt.Stderr = a.out, a.err
		opt.TTY, opt.ErrTTY = isTerminal(a.out), isTerminal(a.err)
		opt.Color = console.ColorEnabled(os.Getenv, opt.TTY)
		opt.ErrColor = console.ColorEnabled(os.Getenv, opt.ErrTTY)
		opt.Guard = &linkGuard{a.link}
	}
	opt.Stdin = stdin
	if a.events, err = openEvents(st.Events); err != nil {
		return 0, err
	}
	if a.events != nil {
		defer func() {
			a.events.close(spec.Console.LingerTime())
			a.reportEvents(st.Events, spec.Console.Quiet)
		}()
	}
	svc, err := a.openServices(&spec)
	if err != nil {
		return 0, err
	}
	defer svc.close()
	opt.World = elastic.New(spec)
	opt.OnEvent = func(e job.Event) {
		if a.events != nil {
			a.events.write(e)
		}
		svc.heard(e)
	}
	others, several := opt.World.(*elastic.Nodes)
	if several {
		a.nodes = nodes.Serve(others, (*control)(a), func(text string) { a.h.Note(text) })
		opt.World = served{others, a.nodes}
	}
	if line != nil {
		if opt.Stderr, err = a.openFront(line, *st.Front); err != nil {
			return 0, err
		}
	}
	h, err := launch.Prepare(spec, opt)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	a.h = h
	a.mu.Unlock()
	if w, remarks := opt.World.(interface{ OnNote(func(string)) }); remarks {
		w.OnNote(func(text string) { h.Note(text) })
	}
	if err := a.openRecorder(); err != nil {
		h.Discard()
		return 0, err
	}
	a.serveFront()
	return a.supervise(st)
}

// served is a world whose nodes look into each other as long as it is there.
type served struct {
	*elastic.Nodes
	peers *nodes.Peers
}

func (s served) Close(why string) error {
	s.peers.Close()
	return s.Nodes.Close(why)
}

// supervise runs a prepared gang.
func (a *host) supervise(st Start) (int, error) {
	h := a.h
	// It is there before the first worker is, who may look for it.
	socket, serving := a.serve()
	h.Before(serving)
	defer func() {
		serving()
		if a.server != nil {
			a.server.Close()
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if st.Detach {
		if err := a.hireGuardian(); err != nil {
			h.Discard()
			return 0, err
		}
	}
	defer a.dismissGuardian() // one may be hired only later
	a.link.send(message{Kind: kindMade, Run: h.ID(), Dir: h.Dir()})
	// Before the gang: this may need a thread, which workers may leave none of.
	sigs := make(chan os.Signal, 4)
	signal.Notify(sigs, heard(h.Spec().Stop.StopsOn())...)
	if a.jobs {
		signal.Notify(sigs, heard([]job.Signal{job.SIGHUP})...)
	}
	a.unmet = nil
	if err := h.Start(ctx, socket); err != nil {
		h.Discard()
		return 0, err
	}
	if a.guard != nil {
		a.guard.introduce(h)
	}
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case s := <-sigs:
				if s == unix.SIGHUP && a.jobs {
					continue // the terminal of an earlier life of the worker is gone
				}
				a.stopBy(s.(unix.Signal), "the agent")
			case <-over:
				return
			}
		}
	}()
	if err := h.StartError(); err != nil && st.Detach {
		h.Wait()
		return 0, err
	}
	l := a.link
	var untold string
	if st.Detach {
		serving()
		untold = a.unserved // this process has no terminal any more to say it on
		// Before the launcher tells anybody: who resumes the run at once must not
		// be told that it has a launcher.
		a.mu.Lock()
		a.link = nil
		a.mu.Unlock()
	}
	l.send(message{Kind: kindStarted, Run: h.ID(), Dir: h.Dir(), Text: untold})
	if st.Detach {
		l.close()
	} else {
		go a.listen(l)
	}
	res := h.Wait()
	a.frontGone()
	a.recorded()
	a.handOn(res)
	a.report(res)
	return res.Status, nil
}

// surviveClosedPipes makes a write to a stdout or stderr that nobody reads any
// more an error, where Go's default is to end the process. The signal is heard
// and not ignored, because workers would inherit that.
func surviveClosedPipes() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
}

func isTerminal(f *os.File) bool {
	fd, err := fdpass.Descriptor(f)
	return err == nil && term.IsTerminal(fd)
}

// heard are those of some signals that were not ignored when we were started.
func heard(sigs []job.Signal) []os.Signal {
	var out []os.Signal
	for _, s := range sigs {
		if s := unix.Signal(s); !signal.Ignored(s) {
			out = append(out, s)
		}
	}
	return out
}

// stopBy is a signal's effect on the gang.
func (a *host) stopBy(s unix.Signal, who string) {
	select {
	case <-a.h.Done():
		a.abandonRecording() // it may wait for room on a disk
		return
	default:
	}
	stop := a.h.Spec().Stop
	if slices.Contains(stop.Forwards(), job.Signal(s)) {
		a.h.Signal(job.AllRanks(), job.Signal(s))
		return
	}
	var sig job.Signal
	if stop.AsSent {
		sig = job.Signal(s)
	}
	a.h.Stop(fmt.Sprintf("%s got %v", who, job.Signal(s)), sig, 128+int(s))
}

// listen is the agent's ear for its launcher.
func (a *host) listen(l *link) {
	for {
		m, _, err := l.recv()
		if err != nil {
			select {
			case <-a.h.Done():
			default:
				a.launcherLost(l)
			}
			return
		}
		switch m.Kind {
		case kindSignal:
			a.stopBy(unix.Signal(m.Signal), "sluice")
		case kindSuspend:
			a.h.Suspend()
			l.send(message{Kind: kindPaused})
		case kindContinue:
			a.h.Continue()
		case kindLeave:
			if err := a.goOnAlone(l); err != nil {
				l.send(message{Kind: kindLeft, Text: err.Error()})
				continue
			}
			l.send(message{Kind: kindLeft})
			l.close()
			return
		}
	}
}

// goOnAlone makes the run one that has no launcher.
func (a *host) goOnAlone(l *link) error {
	if err := a.hireGuardian(); err != nil {
		return err
	}
	a.mu.Lock()
	if a.link == l {
		a.link = nil
	}
	a.mu.Unlock()
	a.guard.introduce(a.h)
	a.h.LauncherLeft()
	a.letGo()
	return nil
}

func (a *host) launcherLost(l *link) {
	a.mu.Lock()
	if a.link == l {
		a.link = nil
	}
	a.mu.Unlock()
	l.close()
	if a.h.Spec().OnLauncherDeath == job.DeathKeep {
		if err := a.hireGuardian(); err == nil {
			a.guard.introduce(a.h)
		} else {
			a.h.SetGuardian(nil, nil)
			a.h.Note("nobody guards this run against a kill -9: " + err.Error())
		}
	} else if a.guard == nil {
		a.h.SetGuardian(nil, nil)
	}
	a.h.LauncherLost()
	if a.h.Spec().OnLauncherDeath == job.DeathKeep {
		a.letGo()
	}
}

// letGo lets go of what a launcher that is gone had for standard streams.
func (a *host) letGo() {
	a.leaveTerminal(nil) // and pipes: their readers wait for an end
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.out != os.Stdout && a.out != os.Stderr { // a resumed run's
		a.out.Close()
		a.err.Close()
		a.out, a.err = os.Stdout, os.Stderr
	}
}

// leaveTerminal lets go of the launcher's terminal, so that it can be closed.
func (a *host) leaveTerminal(stdin *os.File) *os.File {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	defer null.Close()
	fd := int(null.Fd())
	if term.IsTerminal(0) {
		unix.Dup3(fd, 0, 0)
	}
	unix.Dup3(fd, 1, 0)
	unix.Dup3(fd, 2, 0)
	return stdin
}

// serve opens the control socket beside other work; ready waits until it is open.
// A run without one goes on: it can still be stopped by a signal to its agent.
func (a *host) serve() (path string, ready func()) {
	tell := func(err error) {
		a.unserved = fmt.Sprint("sluice: this run cannot be controlled from outside: ", err)
		fmt.Fprintln(a.err, a.unserved)
	}
	dir, err := runs.SocketDir()
	if err == nil {
		path, err = api.SocketPath(dir, a.h.ID())
	}
	if err != nil {
		tell(err)
		return "", func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if a.server, err = api.Listen(path, (*control)(a)); err != nil {
			tell(err)
		}
	}()
	return path, func() { <-done }
}

// linkGuard makes the launcher the guardian.
type linkGuard struct{ l *link }

// holdBatch is how many files go into one message: the kernel takes 253.
const holdBatch = 128

func (g *linkGuard) Hold(h launch.Held) error {
	for lo := 0; lo < len(h.Files); lo += holdBatch {
		hi := min(lo+holdBatch, len(h.Files))
		part := launch.Held{RunDir: h.RunDir, Attempt: h.Attempt, Streams: h.Streams[lo:hi]}
		if err := g.l.send(message{Kind: kindHold, Held: &part}, h.Files[lo:hi]...); err != nil {
			return err
		}
	}
	return nil
}

func (g *linkGuard) Release(attempt int) {
	g.l.send(message{Kind: kindRelease, Attempt: attempt})
}

// reportWait bounds how long the report waits for a terminal that is stuck,
// stuckWait for one that was found to be.
const (
	reportWait = 2 * time.Second
	stuckWait  = 100 * time.Millisecond
)
