package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/record"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
)

// recOptions are the flags of sluice rec.
type recOptions struct {
	rec      job.Record
	pty      ptyOptions
	format   string
	command  string
	env      string
	onFull   string
	name     string
	headless bool
	detach   bool
	noInput  bool
	ret      bool
	quiet    bool
}

func newRec(a *app) *cobra.Command {
	var o recOptions
	cmd := &cobra.Command{
		Use:   "rec [flags] [FILE] [-- COMMAND [ARG...]]",
		Short: "Record a shell or a command, byte for byte",
		Long: `Run COMMAND, or your shell, on a terminal and record what it shows into FILE, an
asciicast that sluice play, asciinema and its web player play. The end of FILE
says how it is written: .cast is asciicast version 2, which all of them read; see
--format.

Every read of the terminal is in FILE at once: a kill -9 costs nothing that was
read before. Without FILE, and beside it, the run's logs have everything: sluice
play RUN, sluice cast convert RUN FILE.

What you type is not recorded unless you ask for it, and never while a line is
read that the terminal does not show (passwords). The file is readable by you alone.

Ctrl+] m puts a marker, Ctrl+] p pauses the recording until it is pressed again,
Ctrl+] d leaves the program and its recording to themselves.
` + `
Exit status: the command's (128+n for signal n); 2 bad usage; 125 sluice itself
failed; 126 or 127 COMMAND could not be executed or found.`,
		Example: `  sluice rec demo.cast
  sluice rec demo.cast --title "How to" --idle-limit 2 -- make test
  sluice rec audit.cast --input --redact password-assignments --redact 'tok-\w+'
  sluice rec ci.cast --headless --size 100x30 -- ./demo.sh`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(a, cmd, args) },
		Args: cobra.ArbitraryArgs,
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *recOptions) addFlags(f *pflag.FlagSet) {
	r := &o.rec
	f.SortFlags = false
	f.BoolVarP(&r.Append, "append", "a", false, "go on with the recording in FILE")
	f.BoolVar(&r.Overwrite, "overwrite", false, "replace FILE")
	f.StringVarP(&o.format, "format", "f", "", "how FILE is written, `FORMAT`: v2, v3, v1, script, script-classic, ttyrec, raw (default: by its name, else v2)")
	f.BoolVarP(&r.Input, "input", "I", false, "record what is typed, too")
	f.BoolVar(&r.Input, "stdin", false, "the same, by asciinema's name")
	f.BoolVar(&o.noInput, "no-input", false, "do not (the default)")
	f.VarP(&r.IdleLimit, "idle-limit", "i", "players make no longer pause than this")
	f.StringVarP(&r.Title, "title", "t", "", "what the recording is called")
	f.StringVarP(&o.env, "env", "e", "SHELL", "variables that the recording keeps, `NAMES` with commas")
	f.StringArrayVar(&r.Redact, "redact", nil, "replace what a regular expression, or a set of rules, matches, `RE|SET`; may be repeated")
	f.StringVar(&o.pty.size, "size", "", "the terminal's, as `COLSxROWS` (default: that of this terminal, or 80x24)")
	f.BoolVar(&o.headless, "headless", false, "without this terminal: nothing is shown, no key is read")
	f.BoolVarP(&o.detach, "detach", "d", false, "print the run's id and go on without the terminal")
	f.StringVarP(&o.command, "command", "c", "", "`COMMAND` for a shell, in place of one after --")
	f.StringVar(&o.pty.terminal.PauseKey, "pause-key", "", "`KEY` that pauses the recording, beside Ctrl+] p")
	f.StringVar(&o.pty.terminal.MarkerKey, "marker-key", "", "`KEY` that puts a marker, beside Ctrl+] m")
	f.StringVar(&o.pty.detachKey, "detach-key", "", "`KEY` that leaves the run to itself (default Ctrl+]; none)")
	f.StringVar(&o.pty.term, "term", "", "`TERM` for the program")
	f.StringVar(&o.onFull, "on-full", "stop", "when FILE's disk is full, `WHAT`: stop (the recording, not the program), wait (for room: nothing is lost)")
	f.StringVar(&o.name, "name", "", "`NAME` of the run (default: the command's)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no reports of sluice's own")
	f.BoolVar(&o.ret, "return", true, "exit with the command's status (always so; for scripts that say it)")
}

// split takes FILE and the command apart.
func (o *recOptions) split(cmd *cobra.Command, args []string) (file string, command []string, err error) {
	before := args
	if n := cmd.ArgsLenAtDash(); n >= 0 {
		before, command = args[:n], args[n:]
		if len(command) == 0 {
			return "", nil, usagef("there is no command after --")
		}
	}
	if len(before) > 1 {
		return "", nil, usagef("%q is one argument too many: write the command behind --, as in sluice rec %s -- %s",
			before[1], before[0], strings.Join(before[1:], " "))
	}
	if len(before) > 0 && before[0] == "" {
		return "", nil, usagef("FILE is empty: name one, or leave it out for a run whose logs are all that is kept")
	}
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	switch {
	case o.command != "" && command != nil:
		return "", nil, usagef("--command and a command after -- are one too many")
	case cmd.Flags().Changed("command") && o.command == "":
		return "", nil, usagef("--command is empty: say which, or leave it out for your shell")
	case o.command != "":
		command = []string{shell, "-c", o.command}
	case command == nil:
		command = []string{shell}
	}
	return argOr(before, 0, ""), command, nil
}

func (o *recOptions) run(a *app, cmd *cobra.Command, args []string) error {
	file, command, err := o.split(cmd, args)
	if err != nil {
		return err
	}
	run := runOptions{detach: o.detach, progress: "auto", pty: o.pty}
	run.spec.Name, run.spec.Console.Quiet = o.name, o.quiet
	run.pty.on, run.pty.stderr = true, "pty"
	if err := o.keys(); err != nil {
		return err
	}
	spec, err := run.finalize(cmd.Flags(), command)
	if err != nil {
		return err
	}
	spec.Pty.NoInput = !o.rec.Input
	if o.headless {
		spec.Pty.Headless, spec.Console.Show = true, job.NoRanks()
	}
	spec.Env = append(spec.Env, "ASCIINEMA_REC=1") // prompts look for it
	if err := o.finalize(file, &spec); err != nil {
		return err
	}
	run.pty.terminal = o.pty.terminal
	run.pty.terminal.DetachKey = o.pty.detachKey
	return run.start(a, spec)
}

func (o *recOptions) keys() error {
	for flag, key := range map[string]string{"pause-key": o.pty.terminal.PauseKey, "marker-key": o.pty.terminal.MarkerKey} {
		if key == "" {
			continue
		}
		if _, err := keys.Parse(key); err != nil {
			return &flagError{err: fmt.Errorf("--%s: %w", flag, err)}
		}
	}
	return nil
}

// finalize adds the recording to the spec.
func (o *recOptions) finalize(file string, spec *job.Spec) (err error) {
	if o.noInput && o.rec.Input {
		return usagef("--input and --no-input exclude each other")
	}
	if o.rec.OnFull, err = job.ParseRecordFull(o.onFull); err != nil {
		return usagef("--on-full: %w", err)
	}
	if file == "" {
		if o.rec.Append || o.rec.Overwrite || o.format != "" {
			return usagef("there is no FILE to write to")
		}
		if len(o.rec.Redact) > 0 {
			return usagef("--redact is about FILE, and there is none: the logs have everything")
		}
		return nil
	}
	if file == "-" {
		return usagef("a recording goes to a file, as standard output is the program's: name one (./- if that is its name)")
	}
	if ext := strings.ToLower(filepath.Ext(file)); o.format == "" && !o.rec.Append {
		if _, is := drawn[strings.TrimPrefix(ext, ".")]; is && ext != "" {
			base := strings.TrimSuffix(file, filepath.Ext(file))
			return usagef("%s cannot be recorded to, only made of a recording: record to %s.cast, then sluice cast convert %s.cast %s", file, base, base, file)
		}
		if err := checkEnd(file, "--format"); err != nil {
			return err
		}
	}
	r := o.rec
	if o.format != "" {
		f, err := cast.ParseFormat(o.format)
		if err != nil {
			return usagef("--format: %w", err)
		}
		r.Format = f.String()
	}
	r.Env = map[string]string{}
	for name := range strings.SplitSeq(o.env, ",") {
		if v, ok := os.LookupEnv(name); ok && name != "" {
			r.Env[name] = v
		}
	}
	return setRecord(spec.Pty, r, file)
}

// setRecord has a recording made in file, in the format of its name unless r says
// one.
func setRecord(p *job.Pty, r job.Record, file string) (err error) {
	if r.File, err = filepath.Abs(file); err != nil {
		return fmt.Errorf("recording to %s: %w", file, err)
	}
	if f, known := formatOf(file); r.Format == "" && known {
		r.Format = f.String()
	} else if r.Format == "" && !r.Append {
		r.Format = cast.V2.String()
	}
	if err := record.Check(r); err != nil {
		return &flagError{err: err, hint: "see: sluice rec --help"}
	}
	p.Record = &r
	return nil
}

// formatOf is the format that a file's name asks for. That of .cast could be any
// version.
func formatOf(name string) (f cast.Format, known bool) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ttyrec", ".tty":
		return cast.TTYRec, true
	case ".raw":
		return cast.Raw, true
	case ".typescript", ".script":
		return cast.Script, true
	}
	return 0, false
}
