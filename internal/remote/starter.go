package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sluicerun/sluice/internal/creds"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

// Options are what a run on several hosts needs.
type Options struct {
	Hosts []Host // all with their number of workers
	// Spec is the run's. Its Nodes have Min and Max, and the times that were asked
	// for; where the nodes meet is found out.
	Spec job.Spec
	// SSH is the command that is given HOST and a command for it.
	SSH []string
	// Own is this program's path, tried on the hosts as well; Remote, if given, is
	// where it is there instead. Version is what it has to be.
	Own, Remote, Version string

	Stdout, Stderr *os.File
	Progress       string
	// Events gets all nodes' events as JSON lines; nil: nobody.
	Events io.Writer
	// Signals are those that this process gets: they go to all nodes.
	Signals <-chan os.Signal
	// Unread is closed when nobody reads Stdout any more.
	Unread <-chan struct{}
}

// run is a run on several hosts.
type run struct {
	opt     Options
	id      string
	began   time.Time
	console *console.Console
	exact   bool
	news    chan news

	all      []*session
	sessions sync.WaitGroup
	asks     int          // signals so far
	rec      *runs.Record // nil until something was started
	stopped  bool
	ending   atomic.Bool  // all that is left are ends
	moved    atomic.Int64 // when the console last took something, unix ns
	unsent   atomic.Int64 // bytes that nodes kept to themselves

	mu    sync.Mutex
	notes map[string]string // the host that had a remark first
}

// Run starts the run on all hosts and returns, when nothing of it is left on them, its
// exit status. An error tells of hosts, or that nothing was started.
func Run(o Options) (status int, err error) {
	r := &run{opt: o, id: runs.NewID(o.Spec.RunName()), began: time.Now(), news: make(chan news, 4*len(o.Hosts)), notes: map[string]string{}}
	total := 0
	for _, h := range o.Hosts {
		total += h.Workers
	}
	c := o.Spec.Console
	r.exact = total == 1 && c.Prefix == nil && !c.Timestamps && !c.Dedup
	sinks := r.open(total)
	for _, h := range o.Hosts {
		r.all = append(r.all, r.dial(h))
	}
	status, err = r.lead(total)
	r.hangUp()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stats := r.console.Finish(ctx)
	for _, s := range sinks {
		s.Close()
	}
	if r.finished() {
		status = r.report(stats.Unshown+r.unsent.Load(), total)
	}
	if kerr := r.keep(status, err); kerr != nil {
		fmt.Fprintln(o.Stderr, "sluice: where the logs are is not recorded, and sluice gather will not find them:", kerr)
	}
	return status, err
}

// open opens the console.
func (r *run) open(workers int) (sinks []*console.FDSink) {
	o := r.opt
	sink := func(f *os.File) (*console.FDSink, bool) {
		s := console.NewFDSink(int(f.Fd()))
		sinks = append(sinks, s)
		return s, term.IsTerminal(int(f.Fd()))
	}
	out, tty := sink(o.Stdout)
	err, errTTY := sink(o.Stderr)
	r.touch()
	r.console = console.New(console.Config{Out: out, Err: err, Spec: o.Spec.Console, Workers: workers, Role: o.Spec.Role,
		TTY: tty, ErrTTY: errTTY, Progress: o.Progress,
		Color: console.ColorEnabled(os.Getenv, tty), ErrColor: console.ColorEnabled(os.Getenv, errTTY)})
	return sinks
}

// learn takes news.
func (r *run) learn(n news) {
	s := &n.s.state
	switch {
	case n.hello != nil:
		s.hello = n.hello
	case n.reached != nil:
		s.reached = n.reached
	case n.ended != nil:
		s.ended = n.ended
	case n.begun != "":
		r.placed(n.s, n.begun)
	case n.gone:
		s.gone, s.lost = true, n.lost
		if s.lost != nil && s.ended != nil && s.ended.Result != nil && !r.ending.Load() {
			r.console.Note("sluice: " + s.lost.Error() + "\n  not all of its output was shown")
		}
	}
}

func (r *run) touch() { r.moved.Store(time.Now().UnixNano()) }

// lead is the run's life, from the first hello to the last end.
func (r *run) lead(workers int) (int, error) {
	first, status, err := r.gather()
	if err != nil || status != 0 {
		return status, err
	}
	if err := r.start(first); err != nil {
		return job.StatusInternal, err
	}
	if err := r.begin(workers); err != nil {
		r.console.Note("sluice: the run is not on record here, where sluice ps and gather would look for it: " + err.Error())
	}
	return r.watch()
}

// alive are the sessions that are not lost.
func (r *run) alive() (list []*session) {
	for _, s := range r.all {
		if s.lost == nil {
			list = append(list, s)
		}
	}
	return list
}

// slowHello is how long hosts may take to answer without a word.
const slowHello = 5 * time.Second

// oneMistake is how long we wait, once we know that a run cannot start, for hosts that
// may have the same to say.
const oneMistake = time.Second

// wait waits until done says so of every session that lives, while it answers to
// signals. It returns false if there are too few.
func (r *run) wait(done func(*session) bool) (enough bool, status int) {
	var patience <-chan time.Time
	quiet := time.NewTimer(slowHello)
	defer quiet.Stop()
	for {
		waiting := false
		alive := r.alive()
		for _, s := range alive {
			waiting = waiting || !done(s)
		}
		enough := len(alive) >= r.opt.Spec.Nodes.Min
		if !waiting {
			return enough, 0
		}
		if !enough && patience == nil {
			patience = time.After(oneMistake)
		}
		select {
		case n := <-r.news:
			r.learn(n)
		case sig := <-r.opt.Signals:
			if s, ok := sig.(syscall.Signal); ok && r.stops(s) {
				return false, 128 + int(s)
			}
		case <-quiet.C:
			r.nameSilent(alive)
		case <-patience:
			return false, 0
		}
	}
}

// nameSilent tells which hosts have not answered yet. ssh may wait for long: for an
// address that nobody has, or a login that hangs.
func (r *run) nameSilent(alive []*session) {
	var names []string
	for _, s := range alive {
		if s.hello == nil {
			names = append(names, s.Name)
		}
	}
	if len(names) > 0 {
		r.console.Note("sluice: waiting for an answer over ssh from " + strings.Join(names, ", "))
	}
}

func (r *run) stops(s syscall.Signal) bool {
	return slices.Contains(r.opt.Spec.Stop.StopsOn(), job.Signal(s))
}

// gather waits for all hosts and finds out where they can meet: at an address of the
// first. Nothing has been started then.
func (r *run) gather() (at *Probe, status int, err error) {
	enough, status := r.wait(func(s *session) bool { return s.hello != nil })
	if status != 0 {
		return nil, status, nil
	}
	if !enough {
		return nil, job.StatusInternal, r.losses()
	}
	alive := r.alive()
	first := alive[0]
	at = &Probe{Addrs: first.hello.Addrs, Port: first.hello.Port, Nonce: first.hello.Nonce}
	first.reached = &Reached{Addrs: at.Addrs}
	for _, s := range alive[1:] {
		s.orders.give(Order{Probe: at})
	}
	enough, status = r.wait(func(s *session) bool { return s.reached != nil })
	if status != 0 {
		return nil, status, nil
	}
	if !enough {
		return nil, job.StatusInternal, r.losses()
	}
	addr, err := meetingPlace(r.alive())
	if err != nil {
		return nil, job.StatusInternal, err
	}
	return &Probe{Addrs: []string{addr}, Port: at.Port}, 0, nil
}

// meetingPlace is the first address of the first host that all others reach.
func meetingPlace(all []*session) (string, error) {
	first := all[0]
	for _, a := range first.hello.Addrs {
		ok := true
		for _, s := range all[1:] {
			ok = ok && slices.Contains(s.reached.Addrs, a)
		}
		if ok {
			return a, nil
		}
	}
	for _, s := range all[1:] {
		if len(s.reached.Addrs) == 0 {
			return "", &hostError{s.Name, fmt.Sprintf("it cannot reach %s, where the agents meet, at any of %s", first.Name, strings.Join(first.hello.Addrs, ", ")),
				"does a firewall keep them apart? The agents and the workers talk to each other by TCP, at ports that they choose"}
		}
	}
	return "", fmt.Errorf("no address of %s (%s) can be reached from all hosts", first.Name, strings.Join(first.hello.Addrs, ", "))
}

// start has all gangs begin.
func (r *run) start(at *Probe) error {
	files, err := credentials()
	if err != nil {
		return err
	}
	alive := r.alive()
	for rank, s := range alive {
		spec := r.opt.Spec
		spec.Workers = s.Workers
		n := &spec.Nodes
		n.Max = min(n.Max, len(alive))
		if n.Rank, n.RankSet = rank, rank < n.Max; n.RankSet {
			s.rank = rank
		}
		n.Host, n.Port, n.RunID = at.Addrs[0], at.Port, r.id
		here := rank == 0
		n.IsHost = &here
		s.orders.give(Order{Start: &Start{Spec: spec, Credentials: files}})
	}
	return nil
}

// credentials makes those of the run. They are on this machine's disk for a moment
// only.
func credentials() (map[string][]byte, error) {
	base, err := runs.SocketDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(base, "made-")
	if err != nil {
		return nil, fmt.Errorf("making the run's credentials: %w", err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "credentials")
	if err := creds.Make(dir, 365*24*time.Hour); err != nil {
		return nil, err
	}
	c, err := creds.Load(dir)
	if err != nil {
		return nil, err
	}
	return c.Files(), nil
}

// lateAnswer is how long a host may be silent, beyond the grace of its workers, when
// all others have ended.
const lateAnswer = 15 * time.Second

// watch waits for the end of all gangs, and until their output is shown.
func (r *run) watch() (int, error) {
	var late <-chan time.Time
	unread := r.opt.Unread
	for {
		ended, running, closing := 0, 0, 0
		for _, s := range r.all {
			switch {
			case s.lost != nil:
			case s.ended == nil:
				running++
			case !s.gone:
				closing++
				fallthrough
			default:
				ended++
			}
		}
		r.spread(running)
		if running == 0 && closing == 0 {
			return r.failed(), r.losses()
		}
		if running == 0 { // all that is left is output
			linger := r.opt.Spec.Console.LingerTime()
			still := time.Since(time.Unix(0, r.moved.Load()))
			if linger >= 0 {
				if still >= linger {
					return r.failed(), r.losses()
				}
				late = time.After(linger - still)
			}
		} else if late == nil && ended > 0 && r.opt.Spec.Stop.GracePeriod() >= 0 {
			late = time.After(r.opt.Spec.Stop.GracePeriod() + lateAnswer)
		}
		select {
		case n := <-r.news:
			r.learn(n)
		case sig := <-r.opt.Signals:
			if r.signal(sig) {
				return r.failed(), r.losses()
			}
		case <-unread:
			unread = nil
			for _, s := range r.all {
				s.stdoutUnread()
			}
		case <-late:
			late = nil
			if running > 0 && ended > 0 && !r.serving() {
				for _, s := range r.all {
					if s.lost == nil && s.ended == nil {
						s.silent.Store(true)
						s.cmd.kill()
					}
				}
			}
		}
	}
}

// serving tells that a host that has not ended may well have work to do: with a run
// whose nodes come and go, one can be done before the others.
func (r *run) serving() bool {
	for _, s := range r.all {
		if s.ended != nil && (s.ended.Result == nil || s.ended.Result.Verdict != job.Succeeded) {
			return false
		}
	}
	return true
}

// spread stops the others when too few are left.
func (r *run) spread(running int) {
	switch {
	case r.stopped || running == 0:
	case r.enough():
		for _, s := range r.all {
			if e := s.loss(); e != nil && !s.told {
				s.told = true
				r.console.Note("sluice: " + e.Error() + "\n  the other hosts go on")
			}
		}
	default:
		r.stopped = true
		r.tell(syscall.SIGTERM)
	}
}

func (r *run) tell(s syscall.Signal) {
	for _, one := range r.alive() {
		if one.ended == nil {
			one.orders.give(Order{Signal: int(s)})
		}
	}
}

// signal passes a signal on to all nodes. True: it is enough.
func (r *run) signal(sig os.Signal) bool {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return false
	}
	r.tell(s)
	if r.stops(s) {
		r.asks++
		r.stopped = true
		if r.asks == 3 { // the nodes kill now; who does not answer is not waited for
			time.AfterFunc(hangUp, func() {
				for _, s := range r.all {
					s.cmd.kill()
				}
			})
		}
	}
	running := false
	for _, one := range r.alive() {
		running = running || one.ended == nil
	}
	return !running
}

// hangUp ends all connections.
func (r *run) hangUp() {
	r.ending.Store(true)
	for _, s := range r.all {
		if s.orders != nil {
			s.orders.close()
		}
	}
	// Nodes that have begun nothing end at once, and so do those that have ended.
	timer := time.AfterFunc(hangUp, func() {
		for _, s := range r.all {
			s.cmd.kill()
		}
	})
	defer timer.Stop()
	done := make(chan struct{})
	go func() {
		r.sessions.Wait()
		close(done)
	}()
	for {
		select {
		case n := <-r.news:
			r.learn(n)
		case <-done:
			for {
				select {
				case n := <-r.news:
					r.learn(n)
				default:
					return
				}
			}
		}
	}
}

// losses are the hosts that were lost, and those where nothing could be started, if too
// few are left for that.
func (r *run) losses() error {
	if r.enough() {
		return nil
	}
	var errs []*hostError
	for _, s := range r.all {
		if e := s.loss(); e != nil {
			errs = append(errs, e)
		}
	}
	return together(errs)
}

// loss is why a host takes no part; nil: it does, or has.
func (s *session) loss() *hostError {
	switch {
	case s.lost != nil && s.ended == nil:
		return s.lost
	case s.ended != nil && s.ended.Result == nil:
		text, hint, _ := strings.Cut(s.ended.Error, "\n  ")
		return &hostError{s.Name, text, hint}
	}
	return nil
}

// together says once what several hosts have in common.
func together(list []*hostError) error {
	var errs []error
	for i, e := range list {
		same := func(o *hostError) bool { return o.text == e.text && o.hint == e.hint }
		if slices.ContainsFunc(list[:i], same) {
			continue
		}
		var names []string
		for _, o := range list[i:] {
			if same(o) {
				names = append(names, o.host)
			}
		}
		one := *e
		one.host = strings.Join(names, ", ")
		errs = append(errs, &one)
	}
	return errors.Join(errs...)
}

// enough tells whether those that are left can make a run.
func (r *run) enough() bool {
	left := 0
	for _, s := range r.all {
		if s.loss() == nil {
			left++
		}
	}
	return left >= r.opt.Spec.Nodes.Min
}

// failed is the exit status of a run without a result.
func (r *run) failed() int {
	for _, s := range r.all {
		if s.ended != nil && s.ended.Result == nil && s.ended.Status != 0 {
			return s.ended.Status
		}
	}
	return job.StatusInternal
}

// event is what happened on a host.
func (r *run) event(s *session, e job.Event) {
	if e.Type == job.EventNote && !r.opt.Spec.Console.Quiet {
		r.note(s, e.Detail)
	}
	if r.opt.Events == nil {
		return
	}
	b, err := json.Marshal(struct {
		Host string `json:"host"`
		job.Event
	}{s.Name, e})
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.opt.Events.Write(append(b, '\n')); err != nil {
		r.opt.Events = nil // its reader has gone; the hosts have all events
	}
}

// note shows a remark of a host, once if several have it.
func (r *run) note(s *session, text string) {
	r.mu.Lock()
	host, known := r.notes[text]
	if !known {
		r.notes[text] = s.Name
	}
	r.mu.Unlock()
	if !known || host == s.Name {
		r.console.Note("sluice: " + s.Name + ": " + text)
	}
}
