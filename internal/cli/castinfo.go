package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/job"
)

// castInfo is what is told of a recording; its JSON form is for scripts.
type castInfo struct {
	File        string            `json:"file"`
	Format      string            `json:"format"`
	Cols        int               `json:"cols"`
	Rows        int               `json:"rows"`
	Duration    float64           `json:"duration"` // seconds
	Recorded    *time.Time        `json:"recorded,omitempty"`
	Title       string            `json:"title,omitempty"`
	Command     string            `json:"command,omitempty"`
	Term        string            `json:"term,omitempty"`
	TermVersion string            `json:"term_version,omitempty"`
	IdleLimit   float64           `json:"idle_limit,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Theme       *cast.Theme       `json:"theme,omitempty"`
	Extra       []string          `json:"extra,omitempty"`
	Events      map[string]int    `json:"events"` // by code
	Output      int64             `json:"output_bytes"`
	Input       int64             `json:"input_bytes"`
	LongestIdle float64           `json:"longest_pause"`
	Exit        *int              `json:"exit,omitempty"`
	Markers     []castMarker      `json:"markers,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Error       string            `json:"error,omitempty"`
}

type castMarker struct {
	Time  float64 `json:"time"`
	Label string  `json:"label"`
}

func newCastInfo(a *app) *cobra.Command {
	in := castIn{info: true}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info FILE...",
		Short: "Tell what is in recordings",
		Long: `Read recordings to their end and tell what they are, how long, and what is in them.

Exit status: 0 success; 1 one of them is damaged; 2 bad usage; 125 sluice itself
failed.`,
		Example: "  sluice cast info demo.cast\n  sluice cast info --json *.cast | jq .duration",
		Args:    atLeast(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			bad := false
			enc := json.NewEncoder(a.stdout)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			for i, arg := range args {
				t, err := in.open(a, arg)
				if err != nil {
					return err
				}
				info := inform(t)
				t.close()
				bad = bad || info.Error != ""
				if asJSON {
					if err := enc.Encode(info); err != nil {
						return err
					}
					continue
				}
				if i > 0 {
					fmt.Fprintln(a.stdout)
				}
				if err := info.show(a.stdout); err != nil {
					return err
				}
			}
			if bad {
				return exitStatus(1)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, one object for each")
	in.addFlags(cmd.Flags())
	return cmd
}

func inform(t *tape) *castInfo {
	h := t.header
	info := &castInfo{File: t.name, Format: "session", Title: h.Title, Command: h.Command, Term: h.TermType, TermVersion: h.TermVersion,
		IdleLimit: h.IdleTimeLimit.Seconds(), Env: h.Env, Tags: h.Tags, Theme: h.Theme, Events: map[string]int{}}
	info.Cols, info.Rows = h.Size()
	if t.reader != nil {
		info.Format = t.reader.Format().String()
	}
	if !h.Timestamp.IsZero() {
		info.Recorded = &h.Timestamp
	}
	for _, f := range h.Extra {
		info.Extra = append(info.Extra, f.Name)
	}
	var last, idle time.Duration
	for e, err := range t.events {
		if err != nil {
			info.Error = err.Error()
			break
		}
		info.Events[string(e.Code)]++
		idle, last = max(idle, e.Time-last), e.Time
		switch e.Code {
		case cast.Output:
			info.Output += int64(len(e.Data))
		case cast.Input:
			info.Input += int64(len(e.Data))
		case cast.Marker:
			info.Markers = append(info.Markers, castMarker{e.Time.Seconds(), string(e.Data)})
		case cast.Exit:
			info.Exit = new(e.Status)
		}
	}
	info.Duration, info.LongestIdle = max(last, h.Duration).Seconds(), idle.Seconds()
	if t.reader != nil {
		for _, w := range t.reader.Warnings() {
			info.Warnings = append(info.Warnings, w.String())
		}
	}
	return info
}

// kinds are the events that info counts by name, in its order.
var kinds = []string{"output", "input", "markers", "resizes", "signals", "comments"}

func (i *castInfo) show(w io.Writer) error {
	var b bytes.Buffer
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("recording", "%s", printable(i.File))
	line("format", "%s", i.Format)
	line("size", "%dx%d", i.Cols, i.Rows)
	line("duration", "%s", clock(time.Duration(i.Duration*1e9)))
	line("pause", "%s at most", clock(time.Duration(i.LongestIdle*1e9)))
	if i.IdleLimit > 0 {
		line("idle limit", "%gs", i.IdleLimit)
	}
	if i.Recorded != nil {
		line("recorded", "%s", i.Recorded.Format(time.RFC3339))
	}
	for _, kv := range [][2]string{{"title", i.Title}, {"command", i.Command}, {"terminal", i.Term}, {"version", i.TermVersion}, {"tags", strings.Join(i.Tags, " ")}} {
		if kv[1] != "" {
			line(kv[0], "%s", printable(kv[1]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(i.Env)) {
		line("env", "%s=%s", k, printable(i.Env[k]))
	}
	if i.Theme != nil {
		line("theme", "%s on %s", i.Theme.FG, i.Theme.BG)
	}
	if len(i.Extra) > 0 {
		line("more keys", "%s", strings.Join(i.Extra, " "))
	}
	var counts []string
	for _, k := range kinds {
		if n := i.Events[string(codesByName[k])]; n > 0 || k == "output" {
			if n == 1 {
				k = strings.TrimSuffix(k, "s")
			}
			counts = append(counts, fmt.Sprintf("%d %s", n, k))
		}
	}
	line("events", "%s", strings.Join(counts, ", "))
	line("output", "%d bytes", i.Output)
	if i.Input > 0 {
		line("input", "%d bytes", i.Input)
	}
	for _, m := range i.Markers {
		line("marker", "%s %s", clock(time.Duration(m.Time*1e9)), printable(m.Label))
	}
	if i.Exit != nil {
		line("exit", "%d", *i.Exit)
	}
	for _, w := range i.Warnings {
		line("warning", "%s", w)
	}
	if i.Error != "" {
		line("damaged", "%s", i.Error)
		if i.File != "" && i.Format != "session" {
			line("", "mend it: sluice cast repair %s", job.Quote(i.File))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// printable is text of a recording that may go to somebody's terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}

func newCastRepair(a *app) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "repair FILE...",
		Short: "Make damaged recordings whole",
		Long: `Take off what a crash left half written, and pass over what makes no sense, so that
every player takes the recording; the rest stays as it is. What was changed is
told. If sluice recorded it, the run's logs may have more: sluice cast convert RUN.
` + statuses,
		Example: "  sluice cast repair demo.cast",
		Args:    atLeast(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				if _, err := os.Stat(arg); err != nil {
					return usagef("repairing a recording: %w", err)
				}
				r, err := cast.Repair(arg)
				if _, file := errors.AsType[*fs.PathError](err); file {
					return err // a full disk, say: the recording is not to blame
				}
				if err != nil {
					return &flagError{err: err, hint: "what it is: sluice cast info FILE"}
				}
				if quiet {
					continue
				}
				var b strings.Builder
				for _, n := range r.Notes {
					fmt.Fprintln(&b, warned(arg, n))
				}
				switch {
				case r.Changed:
					fmt.Fprintf(&b, "%s: mended, %d bytes taken out, %d events\n", arg, r.Lost, r.Events)
				default:
					fmt.Fprintf(&b, "%s: nothing to mend, %d events\n", arg, r.Events)
				}
				if _, err := io.WriteString(a.stdout, b.String()); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "tell nothing")
	return cmd
}

func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return &flagError{err: fmt.Errorf("%s takes %s, at least %d", cmd.CommandPath(), what, n), hint: "see: " + cmd.CommandPath() + " --help"}
		}
		return nil
	}
}
