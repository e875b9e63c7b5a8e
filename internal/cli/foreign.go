package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/adopt"
	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/procfs"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
)

// pidPrefix begins a target that is a process and not a run.
const pidPrefix = "pid:"

// pidHelp is what is said of processes that are not sluice's.
const pidHelp = `
pid:PID is any process, also one that sluice did not start; sluice adopt PID
--explain shows the ways there are, --via names one. What the program has asked
its terminal for is not known there: keys are those of a plain terminal, a paste
has no brackets, and Enter is a newline where a pipe is read.
`

// pidStatuses ends the help pages of what goes there.
const pidStatuses = `
Exit status: 0 success; 1 pid:PID is not permitted; 2 bad usage, or no such process;
125 sluice itself failed.`

func addVia(f *pflag.FlagSet, via *string) {
	f.StringVar(via, "via", "", "with pid:PID, go this `WAY`: "+strings.Join(adopt.Vias(), ", "))
}

// foreign is a process that sluice did not start.
type foreign struct {
	pid int
	via string
}

// foreignTo is the process that a target names, if it is to be typed into as one that
// is not ours; nil: it is a run, or a process that is part of one.
func foreignTo(arg, via string) (*foreign, error) {
	name, is := strings.CutPrefix(arg, pidPrefix)
	switch {
	case !is && via != "":
		return nil, usagef("--via is about processes that sluice did not start, as in pid:4711, not about runs")
	case !is:
		return nil, nil
	case via != "" && !slices.Contains(adopt.Vias(), via):
		return nil, usagef("--via: %w", &adopt.UnknownWayError{Name: via})
	}
	pid, err := parsePID(name)
	if err != nil {
		return nil, err
	}
	if via == "" {
		if rec, _ := sessionOf(pid); rec != nil {
			return nil, nil
		}
	}
	return &foreign{pid, via}, nil
}

func parsePID(name string) (int, error) {
	pid, err := strconv.Atoi(name)
	if err != nil || pid <= 0 {
		return 0, &job.UsageError{Field: "PID", Value: name, Why: "it is not the number of a process", Hint: "pgrep -a NAME finds numbers"}
	}
	return pid, nil
}

// targetPID is target for a process that is part of a run.
func targetPID(arg string) (*runs.Record, job.RankSet, error) {
	name := strings.TrimPrefix(arg, pidPrefix)
	pid, err := parsePID(name)
	if err != nil {
		return nil, job.RankSet{}, err
	}
	rec, rank := sessionOf(pid)
	if rec == nil {
		return nil, job.RankSet{}, &job.UsageError{Field: "PID", Value: name, Why: "it is on no terminal of a run of ours",
			Hint: "of such a process there are: type, press, paste, eof, resize, inspect, watch, redirect"}
	}
	return rec, job.Ranks(rank), nil
}

// sessionOf finds the run, and the rank in it, on whose terminal a process is: it is
// of the session that the worker leads, as a terminal is that of one session.
func sessionOf(pid int) (*runs.Record, int) {
	proc := procfs.FS("/proc")
	st, err := proc.Stat(pid)
	if err != nil || st.TTY == (procfs.Dev{}) {
		return nil, 0
	}
	for _, rec := range runs.List() {
		if rec.State == runs.Ended || rec.Spec.Pty == nil || rec.Lost() {
			continue
		}
		for _, w := range rec.Workers {
			if w.Kind != job.KindRunning {
				continue
			}
			of, err := proc.Stat(w.Identity.Pid)
			if err == nil && of.Start == w.Identity.StartTime && of.Session == st.Session && of.TTY == st.TTY {
				return rec, w.Rank
			}
		}
	}
	return nil, 0
}

// open takes hold of the process and finds out how to get at its input.
func (f *foreign) open(ctx context.Context) (*adopt.Process, *adopt.Input, error) {
	p, err := openProcess(strconv.Itoa(f.pid))
	if err != nil {
		return nil, nil, err
	}
	table, err := adopt.Live().Scan(ctx)
	var in *adopt.Input
	if err == nil {
		in, err = p.Input(ctx, table)
	}
	if err != nil {
		p.Close()
		return nil, nil, failed(err)
	}
	return p, in, nil
}

// failed is something that cannot be done, or may not.
func failed(err error) error {
	var usage *flagError
	if err == nil || errors.As(err, &usage) {
		return err
	}
	return &agent.Failure{Status: 1, Text: err.Error()}
}

// send does the steps of an input one after the other.
func (f *foreign) send(ctx context.Context, in session.Input, o *sendOptions) error {
	switch {
	case o.exclusive:
		return usagef("--exclusive needs a session of sluice's: nothing holds back another terminal's keyboard")
	case o.show, o.until != (session.Condition{}):
		return usagef("--show and --until need a session of sluice's: nobody here sees the screen of another terminal")
	}
	p, input, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	way, err := input.Way(f.via)
	if err != nil {
		return failed(err)
	}
	limit := sendTime
	if o.timeout != 0 {
		limit = o.timeout.Std()
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit+pauses(in.Steps), fmt.Errorf("the %v of --timeout are over", limit))
		defer cancel()
	}
	t := &foreignTyping{ctx: ctx, input: input, way: way, in: in}
	return failed(t.run())
}

// foreignTyping is an input on its way into a process.
type foreignTyping struct {
	ctx   context.Context
	input *adopt.Input
	way   *adopt.Way
	in    session.Input
	typed time.Time // when text was typed last
}

func (t *foreignTyping) run() error {
	if t.in.Secret {
		if err := t.hidden(); err != nil {
			return err
		}
	}
	for _, s := range t.in.Steps {
		if err := t.pause(s.Delay.Std()); err != nil {
			return err
		}
		if err := t.step(s); err != nil {
			return err
		}
	}
	return nil
}

func (t *foreignTyping) step(s session.Step) error {
	switch {
	case s.EOF:
		return t.input.EOF(t.ctx, t.way)
	case len(s.Paste) > 0:
		if t.way.Name == adopt.ViaStdin {
			return t.way.Type(t.ctx, s.Paste)
		}
		return t.way.Type(t.ctx, keys.Paste(s.Paste, vt.Modes{}))
	case len(s.Keys) > 0:
		return t.press(s)
	}
	defer func() { t.typed = time.Now() }()
	if s.Pace <= 0 {
		return t.way.Type(t.ctx, []byte(s.Text))
	}
	for rest, first := s.Text, true; rest != ""; first = false {
		if !first {
			if err := t.pause(s.Pace.Std()); err != nil {
				return err
			}
		}
		_, n := utf8.DecodeRuneInString(rest)
		if err := t.way.Type(t.ctx, []byte(rest[:n])); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// enterGap keeps an Enter from looking as if it were part of a paste, as in sessions.
const enterGap = 100 * time.Millisecond

// press presses keys, of which none is pressed if one cannot be.
func (t *foreignTyping) press(s session.Step) error {
	pressed, err := keys.ParseAll(s.Keys)
	if err != nil {
		return err
	}
	var all [][]byte
	for _, k := range pressed {
		if t.way.Name == adopt.ViaStdin && k == (keys.Key{Code: keys.Enter}) {
			all = append(all, []byte("\n"))
			continue
		}
		b, err := k.EncodeWith(vt.Modes{}, keys.EncodeOptions{Approximate: t.in.Approximate})
		if err != nil {
			return &flagError{err: err}
		}
		all = append(all, b)
	}
	if !t.typed.IsZero() && pressed[0].Code == keys.Enter {
		if err := t.pause(time.Until(t.typed.Add(enterGap))); err != nil {
			return err
		}
	}
	if s.Pace <= 0 { // nobody else's in between
		return t.way.Type(t.ctx, slices.Concat(all...))
	}
	for i, b := range all {
		if i > 0 {
			if err := t.pause(s.Pace.Std()); err != nil {
				return err
			}
		}
		if err := t.way.Type(t.ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (t *foreignTyping) pause(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-t.ctx.Done():
		return context.Cause(t.ctx)
	}
}

// hidden waits until the terminal does not show what is typed.
func (t *foreignTyping) hidden() error {
	if t.way.Name == adopt.ViaStdin {
		return errors.New("a secret is for a terminal, which can be seen not to show it: the program reads a pipe or a socket; paste it there")
	}
	for {
		l, err := t.input.LineNow()
		if err != nil {
			return err
		}
		why := ""
		switch {
		case l.Echo:
			why = "the terminal still shows what is typed"
		case !l.Canonical && !t.in.SecretKeys:
			why = "the program reads keys and may show them itself"
		default:
			return nil
		}
		if t.pause(20*time.Millisecond) != nil {
			return fmt.Errorf("%s: the secret was not sent\n  send it when the program asks for it", why)
		}
	}
}

// resize tells the process's terminal another size.
func (f *foreign) resize(ctx context.Context, size pty.Size) error {
	p, in, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer p.Close()
	return failed(in.Resize(int(size.Cols), int(size.Rows)))
}
