// Package cli is the command line: one file per subcommand, each a constructor,
// an options struct and a run function.
//
// Manners, for all of them: results go to stdout and everything else to stderr;
// errors are one sentence in lower case, with a hint on a line of its own; bad
// input exits with status 2 before anything has happened.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/attach"
	"github.com/sluicerun/sluice/internal/early"
	"github.com/sluicerun/sluice/internal/remote"
	"github.com/sluicerun/sluice/internal/torchargs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/launch"
)

// app is what the subcommands share.
type app struct {
	stdout, stderr io.Writer
	// agent was started before the command line was read; see agent.Spawn.
	agent *agent.Agent
}

// exitStatus is an error that is an exit status and has nothing to say.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the command line and returns the exit status.
func Main(args []string) int {
	launch.Init()
	if len(args) > 0 {
		switch args[0] {
		case agent.Command:
			return agent.Main()
		case agent.GuardianCommand:
			return agent.GuardianMain()
		case attach.GuardCommand:
			return attach.Guard()
		case remote.Command:
			return remote.Main(thisVersion(), args[1:])
		}
	}
	a := &app{stdout: os.Stdout, stderr: os.Stderr}
	run := early.IsRun(append([]string{os.Args[0]}, args...))
	if filepath.Base(os.Args[0]) == torchrunName { // a link to us
		args = append([]string{torchrunName}, args...)
	}
	if run {
		// On its way before we know what for. An error is told by who needs it.
		a.agent, _ = agent.Spawn()
	} else {
		agent.NameUnpacked()
	}
	root := newRoot(a, args...)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsages(root)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	if a.agent != nil {
		a.agent.Dismiss()
	}
	var flag *flagError
	if errors.As(err, &flag) && flag.general {
		flag.hint = "see: " + cmd.CommandPath() + " --help"
	}
	return a.explain(err)
}

// explain tells the user about an error and turns it into an exit status.
func (a *app) explain(err error) int {
	var status exitStatus
	var usage *job.UsageError
	var failure *agent.Failure
	var torch *torchargs.UsageError
	var key *keys.Error
	var no *refused
	var signal *attach.SignalError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &failure):
		fmt.Fprintln(a.stderr, "sluice:", failure.Text)
		return failure.Status
	case errors.As(err, &torch):
		fmt.Fprintln(a.stderr, "sluice:", torch.Text)
		if torch.Hint != "" {
			fmt.Fprintln(a.stderr, "  "+torch.Hint)
		}
		return job.StatusUsage
	case errors.As(err, &usage):
		fmt.Fprintln(a.stderr, "sluice:", byFlag(usage))
		return job.StatusUsage
	case errors.As(err, &key), errors.As(err, &no):
		fmt.Fprintln(a.stderr, "sluice:", err)
		return job.StatusUsage
	case errors.As(err, &signal):
		fmt.Fprintln(a.stderr, "sluice:", err)
		if sig, ok := signal.Signal.(syscall.Signal); ok {
			return 128 + int(sig)
		}
		return job.StatusInternal
	}
	fmt.Fprintln(a.stderr, "sluice:", err)
	var flag *flagError
	if errors.As(err, &flag) {
		if flag.hint != "" {
			fmt.Fprintln(a.stderr, "  "+flag.hint)
		}
		return job.StatusUsage
	}
	return agent.StatusOf(err)
}

// say tells the user something that is no result.
func (a *app) say(text, hint string) {
	fmt.Fprintln(a.stderr, "sluice:", text)
	if hint != "" {
		fmt.Fprintln(a.stderr, "  "+hint)
	}
}

// flags are the flags of sluice run whose names differ from the spec's fields.
var flags = map[string]string{
	"console.show": "console", "stdin.mode": "stdin", "stdin.path": "stdin", "stdin.rank": "stdin",
	"stop.signal": "stop-signal", "stall.timeout": "stall-timeout", "stall.command": "on-stall", "stall.signal": "stall-signal",
	"restart.max": "restarts", "restart.backoff": "restart-backoff", "restart.min_uptime": "min-uptime", "restart.scope": "restart-scope",
	"rotate.max_size": "log-max-size", "rotate.keep": "log-keep", "rotate.compress": "log-compress",
	"env_dialects": "env-dialect", "rlimits": "rlimit", "bind.mem": "mem-bind",
}

// plain are fields that no flag sets.
var plain = map[string]bool{"command": true, "func": true, "func_arg": true, "resume": true}

// byFlag names the flag that the user typed.
func byFlag(e *job.UsageError) *job.UsageError {
	out := *e
	switch {
	case plain[e.Field]:
	case e.Field == strings.ToUpper(e.Field): // an argument, or a variable of the environment
	case flags[e.Field] != "":
		out.Field = "--" + flags[e.Field]
	default:
		out.Field = "--" + strings.ReplaceAll(e.Field, "_", "-")
	}
	return &out
}

// flagError is a mistake on the command line.
type flagError struct {
	err     error
	hint    string
	general bool // there is no better hint than the command's help
}

func (e *flagError) Error() string { return e.err.Error() }
func (e *flagError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &flagError{err: fmt.Errorf(format, args...), general: true}
}

// statuses ends every help page that may exit with something else than 0 or 1.
const statuses = `
Exit status: 0 success; 2 bad usage; 125 sluice itself failed.`

// commands are made when they are needed: to make all takes longer than most of them.
var commands = map[string]func(*app) *cobra.Command{
	"run": newRun, "torchrun": newTorchrun, "ps": newPs, "logs": newLogs, "console": newConsole, "signal": newSignal,
	"stop": newStop, "wait": newWait, "eof": newEOF, "resume": newResume, "gather": newGather, "certs": newCerts, "topo": newTopo,
	"attach": newAttach, "type": newType, "press": newPress, "paste": newPaste, "mouse": newMouse, "resize": newResize,
	"screen": newScreen, "expect": newExpect, "sessions": newSessions, "shell-init": newShellInit,
	"rec": newRec, "play": newPlay, "cast": newCast, "stream": newStream, "upload": newUpload,
	"inspect": newInspect, "adopt": newAdopt, "watch": newWatch, "redirect": newRedirect, "version": newVersion,
}

// plainUsages takes the quotes out of what the flags say, as help does: a shell shows
// that as it is.
func plainUsages(cmd *cobra.Command) {
	plain := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	cmd.Flags().VisitAll(plain)
	cmd.PersistentFlags().VisitAll(plain)
	for _, sub := range cmd.Commands() {
		plainUsages(sub)
	}
}

// newRoot is the tree of all commands or, where args begin with the name of one, as
// much of it as they need.
func newRoot(a *app, args ...string) *cobra.Command {
	root := &cobra.Command{
		Use:   "sluice",
		Short: "Launch processes and own their streams",
		Long: `sluice starts a gang of workers, keeps every byte they write in per-rank logs,
shows them as one console, supervises them, says why they failed, and leaves
nothing running when it is done.`,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q", args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &flagError{err: plainFlagError(err), hint: "see: " + cmd.CommandPath() + " --help"}
	})
	root.SetHelpCommand(newHelp())
	if len(args) > 0 && commands[args[0]] != nil {
		root.AddCommand(commands[args[0]](a))
		return root
	}
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	root.AddCommand(newCompletion(a)) // which is about all
	return root
}

// newHelp is the library's help command, but for names that mean nothing.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == nil || about == cmd.Root() && len(rest) > 0 {
				return usagef("there is no command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// plainFlagError drops the flag library's frame around our own errors, which
// already name the flag, and has words for those of Go's parsers.
func plainFlagError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return errors.New(strings.TrimPrefix(err.Error(), "pflag: "))
	}
	flag, value := invalid.GetFlag(), invalid.GetValue()
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return fmt.Errorf("--%s: %w", flag.Name, invalid.Unwrap())
	}
	what := "a number"
	switch kind := flag.Value.Type(); {
	case kind == "bool":
		what = "true or false"
	case errors.Is(number, strconv.ErrRange):
		return fmt.Errorf("--%s: %s is out of range", flag.Name, value)
	case kind == "int" || kind == "int64":
		what = "a whole number"
	}
	return fmt.Errorf("--%s: %q is not %s", flag.Name, value, what)
}

// Root is the command tree, for the man pages.
func Root() *cobra.Command { return newRoot(&app{stdout: io.Discard, stderr: io.Discard}) }
