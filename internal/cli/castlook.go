package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/playback/animate"
)

func newCastGrep(a *app) *cobra.Command {
	var in castIn
	var asJSON, fixed, ignore, quiet bool
	var hold castTime
	cmd := &cobra.Command{
		Use:   "grep RE FILE...",
		Short: "Tell when text was on the screen",
		Long: `Tell from when to when text that RE matches stood on the screen, wherever it was
written in between escape sequences, and what it was. One line for each time:
FROM, UNTIL, the text.

Exit status: 0 success; 1 it never was there; 2 bad usage; 125 sluice itself failed.`,
		Example: `  sluice cast grep 'error:' night.cast
  sluice play night.cast --from "$(sluice cast grep --json error night.cast | head -1 | jq .from)"`,
		Args: atLeast(2, "RE and FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			expr := args[0]
			if fixed {
				expr = regexp.QuoteMeta(expr)
			}
			if ignore {
				expr = "(?i)" + expr
			}
			re, err := regexp.Compile(expr)
			if err != nil {
				return usagef("%w", err)
			}
			if cmd.Flags().Changed("hold") && hold == 0 {
				return usagef("--hold: nothing stands for no time: take more than 0")
			}
			defer in.close(a)
			found := false
			enc := json.NewEncoder(a.stdout)
			enc.SetEscapeHTML(false)
			for _, arg := range args[1:] {
				t, err := in.open(a, arg)
				if err != nil {
					return err
				}
				src, done, err := t.source(&in)
				if err != nil {
					return err
				}
				defer done()
				var last string // several matches in a line are told once
				for m, err := range playback.Search(src, re, playback.SearchOptions{Hold: time.Duration(hold)}) {
					if err != nil {
						return err
					}
					found = true
					switch {
					case quiet:
						return nil
					case asJSON:
						err = enc.Encode(grepMatch{t.name, m.From.Seconds(), m.Until.Seconds(), m.Row, m.Col, m.Text, m.Line})
					default:
						text := fmt.Sprintf("%s-%s %s\n", clock(m.From), clock(m.Until), printable(m.Line))
						if len(args) > 2 {
							text = printable(t.name) + ": " + text
						}
						if text != last {
							_, err = io.WriteString(a.stdout, text)
						}
						last = text
					}
					if err != nil {
						return err
					}
				}
			}
			if !found {
				return exitStatus(1)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&fixed, "fixed", "F", false, "RE is text, as it is")
	f.BoolVarP(&ignore, "ignore-case", "i", false, "large and small letters are the same")
	f.BoolVarP(&quiet, "quiet", "q", false, "tell by the exit status only")
	f.BoolVar(&asJSON, "json", false, "a line of JSON for each")
	f.Var(&hold, "hold", "what stood for this long is found for sure (default 0.05)")
	in.addFlags(f)
	return cmd
}

type grepMatch struct {
	File  string  `json:"file"`
	From  float64 `json:"from"` // seconds
	Until float64 `json:"until"`
	Row   int     `json:"row"` // from 0; -1: seen as it scrolled off
	Col   int     `json:"col"`
	Text  string  `json:"text"`
	Line  string  `json:"line"`
}

func newCastScreen(a *app) *cobra.Command {
	var in castIn
	var at castTime
	var o screenOptions
	cmd := &cobra.Command{
		Use:   "screen FILE [--at TIME]",
		Short: "Show the screen at a time of a recording",
		Long: `Print what was on the screen at a time of a recording, or at its end, in the forms of
sluice screen.
` + statuses,
		Example: `  sluice cast screen demo.cast --at 12.5
  sluice cast screen demo.cast --at 1:00 --png minute.png --frame`,
		Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.finalize(); err != nil {
				return err
			}
			t, err := in.open(a, args[0])
			if err != nil {
				return err
			}
			defer in.close(a)
			for _, name := range o.files {
				if in.reads(name) {
					return usagef("%s is the recording itself: name another file for the picture", name)
				}
			}
			src, done, err := t.source(&in)
			if err != nil {
				return err
			}
			defer done()
			when := time.Duration(at)
			if !cmd.Flags().Changed("at") {
				when = 1<<63 - 1
			}
			term, err := playback.NewScreen(src, nil).At(when)
			if err != nil {
				return err
			}
			if o.draw.Palette == nil {
				o.draw.Palette = animate.Colors(t.header)
			}
			return o.show(a, term.Snapshot(o.draw.Scrollback), func(screen []byte, hash string) ([]byte, error) {
				name, err := json.Marshal(t.name)
				return fmt.Appendf(nil, "{\"file\": %s,\n\"hash\": %q,\n\"screen\": %s}\n", name, hash, screen), err
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(&at, "at", "the time (default: the end)")
	o.addFlags(cmd.Flags())
	in.addFlags(cmd.Flags())
	return cmd
}
