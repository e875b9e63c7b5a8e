package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt/render"
)

// untilHelp is what is said of the flags that wait for the answer.
const untilHelp = `
With --until and its like, wait for what the program makes of it, as sluice wait
--since-input does, in the same call.

Exit status: 0 success; 1 pid:PID is not permitted; 3 --until did not come true;
2 bad usage, or no such process; 125 sluice itself failed.
`

// sendOptions are the flags of what sends an input.
type sendOptions struct {
	exclusive bool
	timeout   job.Duration
	until     session.Condition
	show      bool
	via       string // into a process that is not sluice's
}

func (o *sendOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.exclusive, "exclusive", false, "nobody else's input comes in between, keyboards' neither")
	f.StringVar(&o.until.Text, "until", "", "then wait until `TEXT` is on the screen that was not there before")
	f.StringVar(&o.until.Regexp, "until-regex", "", "the same for what matches `REGEX`")
	f.Var(&o.until.Settled, "until-settled", "then wait until the screen has not changed for this long")
	f.BoolVar(&o.until.Prompt, "until-prompt", false, "then wait for the shell's next prompt (sluice shell-init)")
	f.BoolVar(&o.show, "show", false, "print the screen at the end")
	f.Var(&o.timeout, "timeout", "how long to wait until the terminal takes it, and then for --until (default 10s)")
	addVia(f, &o.via)
}

// to finds out whom an input is for, and returns what sends it there.
func (o *sendOptions) to(ctx context.Context, a *app, arg string) (func(context.Context, session.Input) error, error) {
	f, err := foreignTo(arg, o.via)
	if err != nil {
		return nil, err
	}
	if f != nil {
		return func(ctx context.Context, in session.Input) error { return f.send(ctx, in, o) }, nil
	}
	all, err := a.chosen(ctx, arg)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, in session.Input) error { return o.send(ctx, a, all, in) }, nil
}

// sendTime is how long an input may wait where --timeout does not say.
const sendTime = 10 * time.Second

// send sends an input to every place. The timeout is for waiting, not for the
// pauses that were asked for.
func (o *sendOptions) send(ctx context.Context, a *app, ps []place, in session.Input) error {
	in.Exclusive, in.Timeout = o.exclusive, o.timeout
	if in.Timeout == 0 {
		in.Timeout = job.Duration(sendTime)
	}
	if in.Timeout > 0 {
		in.Timeout += job.Duration(pauses(in.Steps))
	}
	req := api.Request{Op: api.OpInput, Input: &in, Who: who("send"), Brief: !o.show}
	if o.until != (session.Condition{}) || o.show {
		if _, err := regexp.Compile(o.until.Regexp); err != nil {
			return &flagError{err: fmt.Errorf("--until-regex: %w", err), hint: reSyntax}
		}
		if o.until == (session.Condition{}) {
			o.until.Settled = job.Duration(showSettled) // an answer takes a moment
		}
		o.until.Timeout = o.timeout
		req.Await = &o.until
	}
	return a.each(ps, func(p place) error {
		resp, err := p.ask(ctx, req)
		var no *session.NotMetError
		if errors.As(err, &no) && resp.Screen != nil {
			t, terr := p.terminal(resp.Screen)
			if terr != nil {
				return terr
			}
			return (&waitOptions{cond: o.until}).notMet(a, p, no, t, resp.Screen.State.Status)
		}
		if err != nil || !o.show || resp.Screen == nil {
			return err
		}
		t, err := p.terminal(resp.Screen)
		if err != nil {
			return err
		}
		_, err = io.WriteString(a.stdout, render.Text(t.Snapshot(false), render.Options{}))
		return err
	})
}

// showSettled is the quiet after which --show takes the screen for the answer.
const showSettled = 100 * time.Millisecond

// pauses is how long steps take by themselves.
func pauses(steps []session.Step) time.Duration {
	var sum time.Duration
	for _, s := range steps {
		n := utf8.RuneCountInString(s.Text)
		if len(s.Keys) > 0 {
			pressed, err := keys.ParseAll(s.Keys)
			if err == nil {
				n = len(pressed)
			}
		}
		sum += max(s.Delay.Std(), 0) + s.Pace.Std()*time.Duration(n)
		if sum < 0 { // more than fits
			return time.Duration(1) << 62
		}
	}
	return sum
}

// typeOptions are the flags of sluice type.
type typeOptions struct {
	sendOptions
	expand     bool
	pace       job.Duration
	enter      bool
	secret     bool
	secretEnv  string
	secretFile string
	secretKeys bool
}

func newType(a *app) *cobra.Command {
	var o typeOptions
	cmd := &cobra.Command{
		Use:   "type {RUN[/RANKS]|pid:PID} TEXT...",
		Short: "Type text into a worker's terminal",
		Long: `Type TEXT as it is: nothing in it means anything, not even a newline, which is
the byte 0a and not Enter (see --enter and sluice press). Several TEXTs are
joined by blanks. Without RANKS, the first rank; RUN/all and RUN/0-3 type into
several.

With --expand, keys stand in TEXT as <Esc>, <C-x>, <Down*3>; < itself is <lt>.

A secret waits until the program reads a line that the terminal does not show, is
written down nowhere, and is not typed at all if that does not happen before
--timeout. It is read from standard input (at a terminal, without showing it),
since arguments are visible to others; or from --secret-env or --secret-file,
without its last newline. A program that reads single keys may show them itself,
as a shell at its prompt does: --secret-keys is for one that does not (pinentry).
` + pidHelp + untilHelp,
		Example: `  sluice type repl 'print(6*7)' --enter
  sluice type sh 'make -j8' --enter --until-prompt --timeout 10m --show
  sluice type edit --expand 'ihello<Esc>:wq<Enter>'
  pass show db | sluice type login --secret --enter`,
		Args: between(1, 1<<20, "RUN and TEXT"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args) },
	}
	f := cmd.Flags()
	f.BoolVarP(&o.expand, "expand", "e", false, "names in angle brackets are keys")
	f.Var(&o.pace, "pace", "pause between characters, for example 40ms (default none)")
	f.BoolVar(&o.enter, "enter", false, "press Enter at the end, after a pause that keeps it from looking pasted")
	f.BoolVar(&o.secret, "secret", false, "what is typed is a secret, read from standard input")
	f.StringVar(&o.secretEnv, "secret-env", "", "a secret: the value of the variable `NAME`")
	f.StringVar(&o.secretFile, "secret-file", "", "a secret: what is in `FILE`")
	f.BoolVar(&o.secretKeys, "secret-keys", false, "a secret may go to a program that reads keys and shows none of them")
	o.addFlags(f)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return &flagError{err: plainFlagError(err), hint: "TEXT that begins with - comes after --, as in: sluice type RUN -- -x"}
	})
	return cmd
}

func (o *typeOptions) run(ctx context.Context, a *app, args []string) error {
	in, err := o.input(args[1:])
	if err != nil {
		return err
	}
	send, err := o.to(ctx, a, args[0])
	if err != nil {
		return err
	}
	return send(ctx, in)
}

// input is the message, checked as far as it can be without the program.
func (o *typeOptions) input(args []string) (session.Input, error) {
	in := session.Input{Source: source("type")}
	text := strings.Join(args, " ")
	hidden := o.secret || o.secretEnv != "" || o.secretFile != ""
	switch {
	case o.pace < 0:
		return in, usagef("--pace: %v is no pause", o.pace)
	case hidden && len(args) > 0:
		return in, usagef("a secret is not given as an argument, which others can see: write it to standard input, or use --secret-env or --secret-file")
	case o.secretKeys && !hidden:
		return in, usagef("--secret-keys is about a secret: add --secret")
	case hidden && o.expand:
		return in, usagef("--expand does not go with a secret, which is typed as it is")
	case hidden:
		var err error
		if text, err = o.readSecret(); err != nil {
			return in, err
		}
		in.Secret, in.SecretKeys = true, o.secretKeys
	case text == "" && !o.enter:
		return in, usagef("there is no TEXT to type")
	}
	if o.expand {
		pieces, err := keys.Expand(text)
		if err != nil {
			return in, err
		}
		in.Steps = pieceSteps(pieces, o.pace)
	} else if text != "" {
		in.Steps = []session.Step{{Text: text, Pace: o.pace}}
		if !utf8.ValidString(text) { // as it is: text on its way is UTF-8
			in.Steps = []session.Step{{Data: []byte(text)}}
		}
	}
	if o.enter {
		in.Steps = append(in.Steps, session.Step{Keys: []string{"Enter"}})
	}
	return in, nil
}

// pieceSteps turns text with keys in it into steps; keys in a row are one.
func pieceSteps(pieces []keys.Piece, pace job.Duration) []session.Step {
	var steps []session.Step
	for _, p := range pieces {
		n := len(steps)
		switch {
		case p.Text != "":
			steps = append(steps, session.Step{Text: p.Text, Pace: pace})
		case n > 0 && len(steps[n-1].Keys) > 0:
			steps[n-1].Keys = append(steps[n-1].Keys, p.Key.String())
		default:
			steps = append(steps, session.Step{Keys: []string{p.Key.String()}, Pace: pace})
		}
	}
	return steps
}

// maxSecret is longer than any password, and shorter than what a terminal takes
// in one line.
const maxSecret = 4000

func (o *typeOptions) readSecret() (string, error) {
	var b []byte
	var err error
	from := "standard input"
	switch {
	case o.secretEnv != "" && o.secretFile != "" || o.secret && (o.secretEnv != "" || o.secretFile != ""):
		return "", usagef("a secret comes from one place: --secret (standard input), --secret-env or --secret-file")
	case o.secretEnv != "":
		v, ok := os.LookupEnv(o.secretEnv)
		if !ok {
			return "", usagef("--secret-env: the variable %s is not set", o.secretEnv)
		}
		b, from = []byte(v), "$"+o.secretEnv
	case o.secretFile != "":
		from = o.secretFile
		if b, err = readAtMost(o.secretFile, maxSecret); err != nil {
			return "", usagef("--secret-file: %w", err)
		}
	case term.IsTerminal(int(os.Stdin.Fd())):
		fmt.Fprint(os.Stderr, "secret: ")
		b, err = term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
	default:
		b, err = io.ReadAll(io.LimitReader(os.Stdin, maxSecret+2))
	}
	if err != nil {
		return "", fmt.Errorf("reading the secret from %s: %w", from, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case text == "":
		return "", usagef("the secret from %s is empty", from)
	case len(text) > maxSecret:
		return "", usagef("the secret from %s has more than %d bytes", from, maxSecret)
	}
	return text, nil
}

// readAtMost reads a file and an end of line besides.
func readAtMost(name string, most int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+3))
	if err == nil && len(b) > most+2 {
		err = errors.New("it is too long")
	}
	return b, err
}
