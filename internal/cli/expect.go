package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/dialogue"
	"github.com/sluicerun/sluice/job"
)

// statusAsserted is sluice expect's exit status when what a script expects is
// not so.
const statusAsserted = 1

// expectOptions are the flags of sluice expect.
type expectOptions struct {
	dryRun  bool
	update  bool
	verbose bool
	timeout job.Duration
	record  string
	vars    map[string]string
}

func newExpect(a *app) *cobra.Command {
	var o expectOptions
	cmd := &cobra.Command{
		Use:   "expect SCRIPT",
		Short: "Run a script that holds a dialogue with programs on terminals",
		Long: `Run a script: it starts programs on terminals of their own, types, waits for what
their screens show, and checks it. SCRIPT of - is standard input; a name that ends
in .tape is a VHS tape. What is wrong with a script is told before anything runs.

  run --size 100x30 ssh me@host      shell bash
  type "text"     line "text"        press Ctrl+C Down*3     paste <FILE
  secret $PASSWORD                   mouse click 3,4         resize 120x40
  wait text "ready" within 5s        wait regex /[0-9]+%/    wait prompt
  wait settled 250ms                 wait gone "Loading"     wait exit
  expect text "done"                 expect not text "oops"  expect exit 0
  expect screen FILE                 screenshot FILE.png     sleep 500ms
  mark "label"        hide        show        output demo.cast (or .png, .txt)
  if, repeat, let, include, and select, which waits for several things at once:

  select {
    on text "yes/no" {
      line "yes"
    }
    on exit fail "no connection"
    within 10s fail "no answer"
  }

When a step fails, its line, what was waited for, and the screen are shown.

Exit status: 0 all went well; 1 something expected was not so, or the program did
not take an input; 3 a wait did not come true; 2 bad usage or a mistake in the
script; 126 or 127 a program could not be executed or found; 125 sluice itself
failed; 128+n stopped by signal n.`,
		Example: `  sluice expect login.sluice
  sluice expect demo.tape --dry-run
  sluice expect menu.sluice --update && git diff
  PASSWORD=$(pass show db) sluice expect -v login.sluice --var host=db1 --record login.log`,
		Args: exactly(1, "SCRIPT"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args[0]) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "show the steps, tell what is missing here, and run nothing")
	f.BoolVar(&o.update, "update", false, "write the files of expect screen in place of comparing with them")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell every step as it begins")
	f.Var(&o.timeout, "timeout", "how long waits may take that do not say (default 10s)")
	f.StringVar(&o.record, "record", "", "keep what was shown and typed, with its times, in a new `DIR`, as scriptreplay(1) reads it")
	f.StringToStringVar(&o.vars, "var", nil, "variable of the script, as `K=V`; may be repeated")
	return cmd
}

func (o *expectOptions) run(ctx context.Context, a *app, name string) error {
	script, err := o.load(name)
	if err != nil {
		return err
	}
	opt := dialogue.RunOptions{Vars: o.vars, Source: source("expect"), Update: o.update, Timeout: o.timeout.Std()}
	// What is missing is told before anything is made.
	lacks := dialogue.Check(script, dialogue.System{})
	if o.dryRun {
		if err := dialogue.WritePlan(a.stdout, script, opt); err != nil {
			return err
		}
	}
	if lacks != nil {
		return explainFailure(a, lacks, 0)
	}
	if o.dryRun {
		return nil
	}
	for _, w := range script.Warnings {
		fmt.Fprintf(a.stderr, "sluice: %s: %s\n", w.At, w.Why)
	}
	if o.verbose {
		opt.Events = func(e dialogue.Event) { tellStep(a.stderr, e) }
	}
	h := &scriptHost{out: a.stdout, err: a.stderr, record: o.record}
	if err := h.prepare(script); err != nil {
		return err
	}
	ctx, stopped, cancel := untilSignal(ctx)
	defer cancel()
	defer h.finish()
	report, err := dialogue.Play(ctx, script, h, opt)
	for _, e := range report.Ends {
		if e.Err != nil {
			fmt.Fprintln(a.stderr, "sluice:", e.Err)
		}
	}
	if err == nil {
		return nil
	}
	return explainFailure(a, err, stopped())
}

// explainFailure tells why a script ended. sig is the signal that ended it, if one
// did.
func explainFailure(a *app, err error, sig syscall.Signal) error {
	var f *dialogue.Failure
	if !errors.As(err, &f) {
		return err
	}
	fmt.Fprint(a.stderr, "sluice: "+f.Explain())
	return exitStatus(failureStatus(f, sig))
}

// load reads the script; what is wrong with it is bad usage.
func (o *expectOptions) load(name string) (*dialogue.Script, error) {
	opt := dialogue.ParseOptions{}
	for k := range o.vars {
		opt.Vars = append(opt.Vars, k)
	}
	var script *dialogue.Script
	var err error
	if name == "-" {
		var src []byte
		if src, err = io.ReadAll(os.Stdin); err != nil {
			return nil, fmt.Errorf("reading the script: %w", err)
		}
		script, err = dialogue.Parse("standard input", src, opt)
	} else {
		script, err = dialogue.Load(name, opt)
	}
	if err != nil {
		return nil, &refused{err.Error()}
	}
	return script, nil
}

// failureStatus is the exit status for a script that ended early. sig is the
// signal that ended it, if one did.
func failureStatus(f *dialogue.Failure, sig syscall.Signal) int {
	switch f.Class {
	case dialogue.Unusable:
		return job.StatusUsage
	case dialogue.Asserted, dialogue.Refused:
		return statusAsserted
	case dialogue.TimedOut:
		return job.StatusNotMet
	case dialogue.NotStarted:
		if errors.Is(f.Err, exec.ErrNotFound) {
			return job.StatusNotFound
		}
		return agent.StatusOf(f.Err)
	case dialogue.Stopped:
		if sig != 0 {
			return 128 + int(sig)
		}
	}
	return job.StatusInternal
}

// untilSignal is a context that ends when somebody wants us to. stopped says by
// which signal, or 0.
func untilSignal(parent context.Context) (ctx context.Context, stopped func() syscall.Signal, cancel func()) {
	if parent == nil {
		parent = context.Background()
	}
	ctx, end := context.WithCancel(parent)
	sigs := make(chan os.Signal, 1)
	var got syscall.Signal
	done := make(chan struct{})
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		defer close(done)
		select {
		case s := <-sigs:
			got, _ = s.(syscall.Signal)
			end()
		case <-ctx.Done():
		}
	}()
	halt := func() {
		end()
		signal.Stop(sigs)
		<-done
	}
	return ctx, func() syscall.Signal { halt(); return got }, halt
}

// tellStep tells a step as it begins, and how long it took where that is long.
func tellStep(w io.Writer, e dialogue.Event) {
	indent := strings.Repeat("  ", e.Depth)
	place := ""
	if e.Command != nil {
		place = fmt.Sprintf("%s:%d", e.Command.At.File, e.Command.At.Line)
	}
	switch e.Kind {
	case dialogue.Began:
		text, _, more := strings.Cut(e.Command.String(), "\n")
		if more {
			text += " …"
		}
		fmt.Fprintf(w, "%8.3fs  %s  %s%s\n", e.At.Seconds(), place, indent, text)
	case dialogue.Done:
		if e.Took >= time.Second {
			fmt.Fprintf(w, "%8.3fs  %s  %sdone after %.1f s\n", (e.At + e.Took).Seconds(), place, indent, e.Took.Seconds())
		}
	case dialogue.Noted:
		fmt.Fprintf(w, "%8.3fs  %s  %snote: %s\n", e.At.Seconds(), place, indent, e.Text)
	}
}
