package cli

import (
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit"
)

func newCastCut(a *app) *cobra.Command {
	var e editing
	var remove, only []string
	var drop bool
	cmd := &cobra.Command{
		Use:   "cut FILE",
		Short: "Take stretches of time out of a recording",
		Long: `Take out stretches of time, or all but one. What follows moves up. What the program
wrote meanwhile is kept, at once, so that the screen afterwards is right; with
--drop it is not.
` + statuses,
		Example: `  sluice cast cut demo.cast --remove 10-12.5 --remove 1:00- -o short.cast
  sluice cast cut demo.cast --only 0:30-1:00 --in-place`,
		Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(remove) > 0) == (len(only) > 0) || len(only) > 1 {
				return usagef("say what to cut: --remove FROM-UNTIL, once or more, or --only FROM-UNTIL")
			}
			var ranges []edit.Range
			for _, s := range append(remove, only...) {
				r, err := parseRange(s)
				if err != nil {
					return usagef("%w", err)
				}
				ranges = append(ranges, r)
			}
			screen := edit.Keep
			if drop {
				screen = edit.Drop
			}
			if len(only) > 0 {
				return e.run(a, args[0], e.within("--only", ranges[0].From), edit.Trim(ranges[0].From, ranges[0].Until, screen))
			}
			return e.run(a, args[0], edit.Cut(screen, ranges...))
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "take out `FROM-UNTIL`; may be repeated")
	cmd.Flags().StringArrayVar(&only, "only", nil, "leave `FROM-UNTIL` alone")
	cmd.Flags().BoolVar(&drop, "drop", false, "drop what was written meanwhile")
	e.addFlags(cmd)
	return cmd
}

func newCastJoin(a *app) *cobra.Command {
	var e editing
	var gap castTime
	var reset string
	var mark bool
	cmd := &cobra.Command{
		Use:   "join FILE FILE...",
		Short: "Put recordings one after the other",
		Long: `Make one recording of several. The header is that of the first; where the size of
the terminal changes, the recording says so.
` + statuses,
		Example: `  sluice cast join one.cast two.cast --gap 1 -o both.cast`,
		Args:    atLeast(2, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := edit.JoinOptions{Gap: time.Duration(gap), MarkExits: mark}
			switch reset {
			case "none":
			case "modes":
				o.Reset = edit.ResetModes
			case "all":
				o.Reset = edit.ResetAll
			default:
				return usagef("--reset: %q is none of none, modes, all", reset)
			}
			defer e.in.close(a)
			var all []edit.Recording
			var first *tape
			for _, arg := range args {
				t, err := e.in.open(a, arg)
				if err != nil {
					return err
				}
				if first == nil {
					first = t
				}
				all = append(all, edit.Recording{Header: t.header, Events: t.events})
			}
			h, events := edit.Join(all, o)
			return e.out.write(a, &e.in, first, h, events)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Var(&gap, "gap", "pause between one and the next")
	f.StringVar(&reset, "reset", "modes", "what each begins with: `none` (what the one before left), modes (colours and screen as new), all (an empty terminal)")
	f.BoolVar(&mark, "mark-exits", false, "a marker where a program ended")
	e.out.addFlags(f)
	e.in.addFlags(f)
	return cmd
}

func newCastRetime(a *app) *cobra.Command {
	var e editing
	var speed float64
	var idle, from, until, total, shift, merge castTime
	cmd := &cobra.Command{
		Use:   "retime FILE",
		Short: "Make a recording faster, or its pauses shorter",
		Long: `Change when things happen, and nothing else. What is asked for is done in this order:
pauses, speed, length, shift, merge.
` + statuses,
		Example: `  sluice cast retime demo.cast --idle-limit 1 --speed 1.5 -o quick.cast
  sluice cast retime demo.cast --total 30 -w`,
		Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			changed := cmd.Flags().Changed
			var edits []edit.Edit
			if changed("idle-limit") {
				if idle == 0 {
					return usagef("--idle-limit: a pause of 0 is none: take more")
				}
				edits = append(edits, edit.IdleLimit(time.Duration(idle)))
			}
			if changed("speed") {
				if !(speed >= 1e-6 && speed <= 1e6) {
					return usagef("--speed: %g is not between 0.000001 and 1000000", speed)
				}
				if changed("until") && until <= from {
					return usagef("--until is not after --from")
				}
				edits = append(edits, edit.Speed(speed, time.Duration(from), time.Duration(until)))
			} else if changed("from") || changed("until") {
				return usagef("--from and --until are about --speed")
			}
			if changed("total") {
				if total == 0 {
					return usagef("--total: nothing takes no time at all: take more than 0")
				}
				edits = append(edits, e.total(time.Duration(total)))
			}
			if changed("shift") {
				edits = append(edits, edit.Shift(time.Duration(shift)))
			}
			if changed("merge") {
				edits = append(edits, edit.Merge(time.Duration(merge)))
			}
			if len(edits) == 0 {
				return usagef("say what to change: --speed, --idle-limit, --total, --shift or --merge")
			}
			return e.run(a, args[0], edits...)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(&idle, "idle-limit", "i", "no pause is longer")
	f.Float64Var(&speed, "speed", 1, "so many times faster, `FACTOR`")
	f.Var(&from, "from", "speed: from here")
	f.Var(&until, "until", "speed: up to here")
	f.Var(&total, "total", "all of it takes so long")
	f.Var(&shift, "shift", "all of it happens later")
	f.Var(&merge, "merge", "output that follows so soon is one event")
	e.addFlags(cmd)
	return cmd
}

// total has to know how long the recording is that the edits before have made.
func (e *editing) total(d time.Duration) edit.Edit {
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		now, err := h.Duration, error(nil)
		if t := e.in.opened[len(e.in.opened)-1]; now == 0 && t.pipe != nil {
			e.wrong = usagef("--total: how long %s takes shows at its end, and it cannot be read twice: put the recording into a file", t.name)
			return h, ev
		}
		if now == 0 {
			now, err = edit.Duration(ev)
		}
		switch {
		case err != nil:
			e.wrong = err
		case now == 0:
			e.wrong = usagef("--total: the recording takes no time, so it cannot be made to take more")
		}
		return edit.SetDuration(d, now)(h, ev)
	}
}

func newCastRedact(a *app) *cobra.Command {
	var e editing
	var rules []string
	var with string
	cmd := &cobra.Command{
		Use:   "redact FILE RULE...",
		Short: "Replace what is secret in a recording",
		Long: `Replace what a RULE matches: a regular expression (with a group (?P<secret>...), only
that), or one of these sets: ` + strings.Join(edit.BuiltinNames(), ", ") + `.

It is found across the ends of events and through colours in the middle of it, in
what was shown and typed, in markers, and in the header. Times stay, and so does
the place of everything else on the screen.
` + statuses,
		Example: `  sluice cast redact demo.cast ipv4 'tok-\w+' -o public.cast
  sluice cast redact demo.cast password-assignments private-key --in-place`,
		Args: atLeast(1, "FILE and a RULE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args)+len(rules) < 2 {
				return usagef("say what is secret: a RULE, which is a regular expression or one of %s", strings.Join(edit.BuiltinNames(), ", "))
			}
			all, err := redactRules(append(args[1:], rules...), with)
			if err != nil {
				return err
			}
			return e.run(a, args[0], edit.Redact(all, edit.RedactOptions{}))
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(&rules, "rule", nil, "another `RULE`, for those that begin with a dash")
	cmd.Flags().StringVar(&with, "with", "", "put `TEXT` in its place (default: stars, as many as it has columns)")
	e.addFlags(cmd)
	return cmd
}

func redactRules(texts []string, with string) (all []edit.Rule, err error) {
	for _, text := range texts {
		rules, err := edit.ParseRule(text)
		if err != nil {
			return nil, usagef("%w", err)
		}
		for _, r := range rules {
			r.With = with
			all = append(all, r)
		}
	}
	return all, nil
}

func newCastMark(a *app) *cobra.Command {
	var e editing
	var at []string
	var matches string
	var commands, remove bool
	cmd := &cobra.Command{
		Use:   "mark FILE",
		Short: "Put markers into a recording",
		Long: `Put markers in: at times, where text appears, or where a shell with marks of its own
(sluice shell-init) began a command. Players can go from one to the next, and
sluice play can pause at each.
` + statuses,
		Example: `  sluice cast mark demo.cast --at 12.5='the build' --at 1:00=tests -w
  sluice cast mark demo.cast --remove --commands -o marked.cast`,
		Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var edits []edit.Edit
			if remove {
				edits = append(edits, edit.RemoveMarkers())
			}
			if commands {
				edits = append(edits, edit.MarkCommands())
			}
			if matches != "" {
				re, err := regexp.Compile(matches)
				if err != nil {
					return usagef("--matches: %w", err)
				}
				edits = append(edits, edit.MarkMatches(re))
			}
			var marks []edit.Marker
			var last time.Duration
			for _, s := range at {
				when, label, _ := strings.Cut(s, "=")
				t, err := parseCastTime(when)
				if err != nil {
					return usagef("--at: %w", err)
				}
				marks = append(marks, edit.Marker{Time: t, Label: label})
				last = max(last, t)
			}
			if len(marks) > 0 {
				edits = append(edits, e.within("--at", last), edit.AddMarkers(marks...))
			}
			if len(edits) == 0 {
				return usagef("say what to mark: --at TIME=LABEL, --matches RE, --commands, or --remove")
			}
			return e.run(a, args[0], edits...)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&at, "at", nil, "a marker `TIME=LABEL`; may be repeated")
	f.StringVar(&matches, "matches", "", "one wherever what matches `RE` is written, called as it")
	f.BoolVar(&commands, "commands", false, "one where a shell began a command, called as it")
	f.BoolVar(&remove, "remove", false, "take out those that are there, before")
	e.addFlags(cmd)
	return cmd
}
