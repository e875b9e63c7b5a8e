package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// Main is the process on a host, which is given what it shall do on its standard
// input. It returns the process's exit status. With arguments it has one thing to do
// instead: "archive RUN" sends the files of a run, and all else tells its version.
func Main(version string, args []string) int {
	if len(args) == 2 && args[0] == archiveWord {
		return archive(os.Stdout, args[1])
	}
	if len(args) > 0 {
		fmt.Println(version)
		return 0
	}
	in, out, err := takeStreams()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		return job.StatusInternal
	}
	// A signal is for the gang, and there is none yet.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2)
	n := &node{begun: make(chan struct{})}
	defer n.clean()
	if err := n.hello(out, version); err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		return job.StatusInternal
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	orders := json.NewDecoder(bufio.NewReader(in))
	start := n.await(ctx, orders)
	n.beacon.close()
	if start == nil {
		return 0 // the starter has given up
	}
	if n.tails, err = newTails(ctx, n.w); err != nil {
		n.w.Message(Message{Ended: failure(err)})
		return job.StatusInternal
	}
	go func() {
		n.obey(orders, start.Spec.Stop)
		cancel() // nobody reads any more
	}()
	n.run(*start)
	return 0
}

// node is the process's state.
type node struct {
	w      *Writer
	beacon *beacon
	tails  *tails

	mu    sync.Mutex
	place string // what is ours in the runtime directory, while it is needed

	begun chan struct{} // closed when the agent hears signals
	once  sync.Once
}

// takeStreams puts the way to the starter out of the reach of agent and workers, to
// whom stdin is empty and stdout the same as stderr.
func takeStreams() (in, out *os.File, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	var fds [2]int
	for i := range fds {
		if fds[i], err = unix.FcntlInt(uintptr(i), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return nil, nil, fmt.Errorf("this command is for sluice itself: %w", err)
		}
	}
	if err := errors.Join(unix.Dup3(int(null.Fd()), 0, 0), unix.Dup3(2, 1, 0)); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "orders"), os.NewFile(uintptr(fds[1]), "starter"), nil
}

func (n *node) hello(out *os.File, version string) error {
	var err error
	if n.w, err = NewWriter(out); err != nil {
		return err
	}
	if n.beacon, err = newBeacon(); err != nil {
		return fmt.Errorf("opening a port: %w", err)
	}
	interfaces, _ := net.InterfaceAddrs() // without them there is SSH_CONNECTION
	return n.w.Message(Message{Hello: &Hello{Version: version, Host: runs.Hostname(),
		Addrs: addresses(os.Getenv("SSH_CONNECTION"), interfaces), Port: n.beacon.port, Nonce: n.beacon.nonce}})
}

// await answers until the order to start; nil: it does not come.
func (n *node) await(ctx context.Context, orders *json.Decoder) *Start {
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			return nil
		}
		switch {
		case o.Start != nil:
			return o.Start
		case o.Probe != nil:
			if n.w.Message(Message{Reached: &Reached{Addrs: probe(ctx, *o.Probe)}}) != nil {
				return nil
			}
		case o.Signal != 0:
			return nil
		}
	}
}

// obey carries out orders until their end, which is that of the run.
func (n *node) obey(orders *json.Decoder, stop job.Stop) {
	for {
		var o Order
		if err := orders.Decode(&o); err != nil {
			break
		}
		switch {
		case o.Credit != nil:
			n.tails.allow(*o.Credit)
		case o.Signal > 0:
			n.signal(syscall.Signal(o.Signal))
		}
	}
	sig := job.SIGTERM
	if on := stop.StopsOn(); !slices.Contains(on, sig) && len(on) > 0 {
		sig = on[0]
	}
	n.signal(syscall.Signal(sig))
}

// signal has a signal go the way that one to sluice run goes: to this process, which
// is the launcher.
func (n *node) signal(s syscall.Signal) {
	<-n.begun
	syscall.Kill(os.Getpid(), s)
}

func (n *node) hears() { n.once.Do(func() { close(n.begun) }) }

// run is the gang's life.
func (n *node) run(st Start) {
	defer n.hears()
	spec := st.Spec
	if err := n.prepare(&spec, st.Credentials); err != nil {
		n.w.Message(Message{Ended: failure(err)})
		return
	}
	events, writer, path, err := n.openEvents()
	if err != nil {
		n.w.Message(Message{Ended: failure(err)})
		return
	}
	defer events.Close()
	var res *job.Result
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		res = n.listen(events, spec, st.Spec.Console)
	}()
	var dir string
	status := job.StatusInternal
	ag, err := agent.Spawn()
	if err == nil {
		var id string
		id, status, err = ag.Launch(spec, agent.Start{Events: path}, agent.Terminal{})
		dir = runDir(spec, id)
	}
	writer.Close()
	<-heard
	n.hears()
	if res == nil && dir != "" { // the agent was killed, and could not say it
		if rec, lerr := runs.Load(dir); lerr == nil {
			res = rec.Result
		}
	}
	end := &Ended{Result: res, Status: status}
	if err != nil {
		end = failure(err)
		end.Result = res
	}
	if res != nil {
		if first := res.FirstFailure(); first != nil {
			end.Stdout, end.Stderr = agent.Tail(*res, first.Rank, job.Stdout), agent.Tail(*res, first.Rank, job.Stderr)
		}
	}
	n.clean()
	n.w.Message(Message{Ended: end})
	n.tails.finish()
	n.w.Message(Message{Bye: true})
}

// failure is the end of a gang that did not start.
func failure(err error) *Ended {
	e := &Ended{Status: agent.StatusOf(err), Error: err.Error()}
	var f *agent.Failure
	if errors.As(err, &f) {
		e.Status = f.Status
	}
	return e
}

// prepare checks what the starter could not, and puts the credentials where the agent
// finds them.
func (n *node) prepare(spec *job.Spec, credentials map[string][]byte) error {
	if fi, err := os.Stat(spec.Cwd); err != nil || !fi.IsDir() {
		if err == nil {
			err = syscall.ENOTDIR
		}
		return &agent.Failure{Status: job.StatusUsage, Text: fmt.Sprintf("the working directory %s: %s\n  name one that all hosts have: --cwd DIR", spec.Cwd, errno(err))}
	}
	base, err := runs.SocketDir()
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.place, err = os.MkdirTemp(base, "node-"); err != nil {
		return fmt.Errorf("making a place for the run's credentials: %w", err)
	}
	spec.Nodes.Credentials = filepath.Join(n.place, "credentials")
	if err := os.Mkdir(spec.Nodes.Credentials, 0o700); err != nil {
		return fmt.Errorf("writing the run's credentials: %w", err)
	}
	for name, data := range credentials {
		if filepath.Base(name) != name {
			return fmt.Errorf("writing the run's credentials: %q is no name of a file", name)
		}
		if err := os.WriteFile(filepath.Join(spec.Nodes.Credentials, name), data, 0o600); err != nil {
			return fmt.Errorf("writing the run's credentials: %w", err)
		}
	}
	// The screen is the starter's.
	show, err := job.ParseRankSet("none")
	if err != nil {
		return err
	}
	spec.Console.Show, spec.Console.ShowLocal, spec.Console.Quiet = show, job.RankSet{}, true
	if spec.Pty != nil {
		spec.Pty.Headless = true
	}
	return nil
}

func errno(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	return err.Error()
}

// clean removes what nobody needs any more once the agent has its credentials.
func (n *node) clean() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.place != "" {
		os.RemoveAll(n.place)
		n.place = ""
	}
}

// openEvents makes a FIFO for the agent's events. What is read ends when the agent's
// end and writer are closed.
func (n *node) openEvents() (events, writer *os.File, path string, err error) {
	path = filepath.Join(n.place, "events")
	if err = unix.Mkfifo(path, 0o600); err != nil {
		return nil, nil, "", fmt.Errorf("making a way for events: %w", err)
	}
	if events, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0); err != nil {
		return nil, nil, "", err
	}
	if writer, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		events.Close()
		return nil, nil, "", err
	}
	return events, writer, path, nil
}

// runDir is where a run keeps its files.
func runDir(spec job.Spec, id string) string {
	if id == "" {
		return ""
	}
	dir := spec.LogDir
	if dir == "" {
		dir = filepath.Join(runs.StateDir(), "runs")
	}
	return filepath.Join(dir, id)
}

// listen passes events on, and follows the logs that they tell of. It returns the
// result, if one was told.
func (n *node) listen(events io.Reader, spec job.Spec, screen job.Console) (res *job.Result) {
	var dir string
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return res
		}
		var e job.Event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		n.hears()
		if e.Run != "" {
			dir = runDir(spec, e.Run)
		}
		n.w.Message(Message{Event: &e})
		switch {
		case e.Type == job.EventWorkerStarted && e.Rank != nil && dir != "":
			local := *e.Rank
			if e.LocalRank != nil {
				local = *e.LocalRank
			}
			n.clean()
			_, tee := spec.Streams(local)
			if !screen.Shows(*e.Rank, local) {
				continue
			}
			n.tails.begin(*e.Rank, local, e.Attempt, filepath.Join(dir, runs.WorkerDir(e.Attempt, local)), tee)
		case e.Type == job.EventRunEnded:
			res = e.Result
		}
	}
}
