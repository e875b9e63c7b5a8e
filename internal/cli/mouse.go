package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// mouseActions are what sluice mouse does, with what follows them.
var mouseActions = []string{"click", "press", "release", "move", "drag", "scroll-up", "scroll-down", "scroll-left", "scroll-right"}

// mouseOptions are the flags of sluice mouse.
type mouseOptions struct {
	sendOptions
	button string
	mods   []string
}

func newMouse(a *app) *cobra.Command {
	var o mouseOptions
	cmd := &cobra.Command{
		Use:   "mouse RUN[/RANK] ACTION [WHERE...]",
		Short: "Use the mouse in a worker's terminal",
		Long: `Do something with the mouse, as the program has asked to be told of it; a program
that did not ask for the mouse is not told, and that is an error.

  click WHERE         press and release
  press WHERE         release WHERE         move WHERE
  drag FROM TO        press, move, release
  scroll-up [N] [WHERE]                     also -down, -left and -right

WHERE is COLUMN,ROW from 1,1 at the top left, or a text on the screen, whose
middle is meant. A wheel without WHERE turns at 1,1. Without RANK, the first one.

Exit status: 0 success; 3 --until did not come true; 2 bad usage; 125 sluice itself
failed.`,
		Example: "  sluice mouse files click 12,3\n  sluice mouse files click 'OK' --button right\n  sluice mouse log scroll-down 5",
		Args:    between(2, 5, "RUN, ACTION and WHERE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := o.parse(args[1], args[2:])
			if err != nil {
				return err
			}
			p, err := a.onePlace(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return o.move(cmd.Context(), a, p, m)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.button, "button", "", "`BUTTON`: left, middle or right (default left; with move, none)")
	f.StringSliceVar(&o.mods, "mods", nil, "keys held meanwhile: Ctrl, Alt, Shift, joined by commas")
	o.addFlags(f)
	return cmd
}

func (o *mouseOptions) move(ctx context.Context, a *app, p place, m session.Mouse) error {
	return o.send(ctx, a, []place{p}, session.Input{Source: source("mouse"), Steps: []session.Step{{Mouse: &m}}})
}

// parse reads ACTION and WHERE.
func (o *mouseOptions) parse(action string, where []string) (m session.Mouse, err error) {
	m = session.Mouse{Action: action, Button: strings.ToLower(o.button)}
	if !slices.Contains(mouseActions, action) {
		return m, usagef("mouse: there is no action %q%s", action, meant(action, mouseActions))
	}
	if !slices.Contains([]string{"", "left", "middle", "right"}, m.Button) {
		return m, usagef("--button: %q is not one of left, middle and right", o.button)
	}
	if m.Mods, err = mouseMods(o.mods); err != nil {
		return m, err
	}
	scroll := strings.HasPrefix(action, "scroll")
	if scroll {
		m.Button, m.X, m.Y = "", 1, 1
		if len(where) > 0 {
			if n, err := strconv.Atoi(where[0]); err == nil {
				if n < 1 || n > keys.MaxScroll {
					return m, usagef("mouse %s: %d is not a number of steps from 1 to %d", action, n, keys.MaxScroll)
				}
				m.Count, where = n, where[1:]
			}
		}
		if len(where) == 0 {
			return m, nil
		}
	}
	want := 1
	if action == "drag" {
		want = 2
	}
	if len(where) != want {
		return m, usagef("mouse %s takes %d WHERE, not %d", action, want, len(where))
	}
	if x, y, ok := position(where[0]); ok {
		m.X, m.Y = x, y
	} else if m.On = where[0]; m.On == "" {
		return m, usagef("mouse %s: the text to look for is empty", action)
	}
	if action == "drag" {
		var ok bool
		if m.ToX, m.ToY, ok = position(where[1]); !ok {
			return m, usagef("mouse drag: %q is no COLUMN,ROW to drag to, counted from 1", where[1])
		}
	}
	return m, nil
}

// position reads COLUMN,ROW. Whether the screen has it the session knows, which
// tells the screen's size if not.
func position(s string) (x, y int, ok bool) {
	col, row, found := strings.Cut(s, ",")
	x, xok := coordinate(col)
	y, yok := coordinate(row)
	return x, y, found && xok && yok
}

// coordinate reads a number. One that is too long for an int is as far outside of
// any screen as the largest.
func coordinate(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	if errors.Is(err, strconv.ErrRange) {
		return max(min(n, math.MaxInt32), math.MinInt32), true
	}
	return n, err == nil
}

func mouseMods(given []string) ([]string, error) {
	var mods []string
	names := []string{"Ctrl", "Alt", "Shift"}
	for _, g := range given {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, g) })
		if i < 0 {
			return nil, usagef("--mods: %q is not one of Ctrl, Alt and Shift", g)
		}
		mods = append(mods, names[i])
	}
	return mods, nil
}

// meant is the end of an error about a word that may be a mistyped one.
func meant(word string, words []string) string {
	if c := job.Closest(word, words); c != "" {
		return ": did you mean " + c + "?"
	}
	return fmt.Sprintf(": there are %s", strings.Join(words, ", "))
}
