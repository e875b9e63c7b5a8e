package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit"
	"github.com/sluicerun/sluice/internal/fdpass"
	"golang.org/x/term"
)

func newCast(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cast COMMAND",
		Short: "Look into recordings, convert and edit them",
		Long: `Work on recordings: asciicasts of all versions, typescripts of script(1) with their
timing, ttyrecs. Where a command takes a FILE, - is standard input, and RUN or
RUN/RANK what the logs of a terminal have. What edits is a filter: it writes to
standard output, to -o FILE, or with --in-place over the recording itself.

Times are seconds (12.5), minutes (1:30.5, 1:02:03) or with units (90s, 1m30s).`,
		Example: "  sluice cast info demo.cast\n  sluice cast convert demo.cast demo.gif",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q of sluice cast", args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	cmd.AddCommand(newCastInfo(a), newCastConvert(a), newCastCut(a), newCastJoin(a), newCastRetime(a), newCastRedact(a),
		newCastMark(a), newCastGrep(a), newCastScreen(a), newCastRepair(a))
	return cmd
}

// castTime is a flag with a time in a recording.
type castTime time.Duration

func (t *castTime) String() string {
	if *t == 0 {
		return ""
	}
	return clock(time.Duration(*t))
}

func (t *castTime) Set(s string) error {
	d, err := parseCastTime(s)
	*t = castTime(d)
	return err
}

func (*castTime) Type() string { return "TIME" }

// parseCastTime reads 12.5, 1:30, 1:02:03.5 or 1m30s.
func parseCastTime(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no time: write 12.5, 1:30.5, 1:02:03 or 1m30s", s)
	if d, err := time.ParseDuration(s); err == nil {
		if d < 0 {
			return 0, wrong
		}
		return d, nil
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, wrong
	}
	var sum float64
	for i, p := range parts {
		n, err := strconv.ParseFloat(p, 64)
		last := i == len(parts)-1
		if err != nil || !(n >= 0) || !last && n != math.Trunc(n) || i > 0 && n >= 60 {
			return 0, wrong
		}
		sum = sum*60 + n
	}
	if sum > float64(math.MaxInt64/int64(time.Second))-1 {
		return 0, wrong
	}
	return time.Duration(math.Round(sum * float64(time.Second))), nil
}

// clock shows a time in a recording: 1:02:03.5, 0:12.345.
func clock(d time.Duration) string {
	ms := d.Round(time.Millisecond).Milliseconds()
	sec := fmt.Sprintf("%02d", ms/1000%60)
	if frac := ms % 1000; frac > 0 {
		sec = strings.TrimRight(fmt.Sprintf("%s.%03d", sec, frac), "0")
	}
	if h := ms / 3600_000; h > 0 {
		return fmt.Sprintf("%d:%02d:%s", h, ms/60_000%60, sec)
	}
	return fmt.Sprintf("%d:%s", ms/60_000, sec)
}

// parseRange reads FROM-UNTIL, either of which may be missing.
func parseRange(s string) (r edit.Range, err error) {
	from, until, ok := strings.Cut(s, "-")
	if !ok || from == "" && until == "" {
		return r, fmt.Errorf("%q is no stretch of time: write FROM-UNTIL, as in 10-12.5, 1:00- or -5", s)
	}
	if from != "" {
		if r.From, err = parseCastTime(from); err != nil {
			return r, err
		}
	}
	if until != "" {
		if r.Until, err = parseCastTime(until); err != nil {
			return r, err
		}
		if r.Until <= r.From {
			return r, fmt.Errorf("%q ends before it begins", s)
		}
	}
	return r, nil
}

func isTerminalWriter(w io.Writer) bool {
	f, is := w.(*os.File)
	if !is {
		return false
	}
	fd, err := fdpass.Descriptor(f)
	return err == nil && term.IsTerminal(fd)
}

// recordingError is bad input: what was named cannot be written to.
func recordingError(err error) error {
	hint := "name another file"
	if errors.Is(err, os.ErrExist) {
		hint = "--overwrite replaces it"
	}
	return &flagError{err: err, hint: hint}
}

// editing is a command that makes a recording of another one.
type editing struct {
	in    castIn
	out   castOut
	wrong error // what an edit has seen that was asked for and cannot be
}

func (e *editing) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	e.out.addFlags(f)
	e.out.addInPlace(f)
	e.in.addFlags(f)
}

func (e *editing) run(a *app, arg string, edits ...edit.Edit) error {
	t, err := e.in.open(a, arg)
	if err != nil {
		return err
	}
	defer e.in.close(a)
	h, events := edit.Chain(edits...)(t.header, t.events)
	if e.wrong != nil {
		return e.wrong
	}
	err = e.out.write(a, &e.in, t, h, events)
	return cmp.Or(e.wrong, err)
}

// within refuses a time that lies behind the end. Where that is only shows when all of
// the recording has been read, as a pipe cannot be read twice.
func (e *editing) within(flag string, t time.Duration) edit.Edit {
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		return h, func(yield func(cast.Event, error) bool) {
			end := h.Duration
			for event, err := range ev {
				end = max(end, event.Time)
				if !yield(event, err) {
					return
				}
			}
			if t.Round(time.Millisecond) > end.Round(time.Millisecond) { // as info tells it
				e.wrong = usagef("%s: %s is behind the end of the recording, which is %s long", flag, clock(t), clock(end))
				yield(cast.Event{}, e.wrong)
			}
		}
	}
}

// codesByName are the kinds of events by the names that flags have for them.
var codesByName = map[string]cast.Code{"output": cast.Output, "input": cast.Input, "markers": cast.Marker,
	"resizes": cast.Resize, "exit": cast.Exit, "comments": cast.Comment, "signals": cast.Signal, "sources": cast.Source}

func parseCodes(flag string, names []string) ([]cast.Code, error) {
	var codes []cast.Code
	for _, n := range names {
		c, ok := codesByName[n]
		if !ok {
			if len(n) != 1 {
				return nil, usagef("--%s: %q is none of output, input, markers, resizes, exit, comments, signals, sources, or a code of one letter", flag, n)
			}
			c = cast.Code(n)
		}
		codes = append(codes, c)
	}
	return codes, nil
}
