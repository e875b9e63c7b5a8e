package vt_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// TestXtermRandom holds random conversations with a terminal of ours and with
// @xterm/headless and compares what is to be seen at their end. The first seeds
// are the same each time, the others are new; SLUICE_XTERM_RANDOM tells how many.
func TestXtermRandom(t *testing.T) {
	o := newOracle(t)
	const fixed = 220
	fresh := 80
	if n, err := strconv.Atoi(os.Getenv("SLUICE_XTERM_RANDOM")); err == nil {
		fresh = n
	}
	seeds := make([]int, 0, fixed+fresh)
	for i := range fixed {
		seeds = append(seeds, i)
	}
	for range fresh {
		seeds = append(seeds, rand.IntN(1<<30))
	}
	failed := 0
	for _, seed := range seeds {
		g := conversations.Example(seed)
		ds, err := compare(o, g)
		var fault *thrown
		if errors.As(err, &fault) {
			t.Logf("seed %d: %v", seed, err) // nothing to compare with
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: asking the oracle: %v", seed, err)
		}
		if len(ds) == 0 {
			continue
		}
		g = shorten(o, g)
		t.Errorf("seed %d, shortened: %v%s", seed, g, explain(o, g))
		if failed++; failed == 12 {
			t.Fatal("enough of them")
		}
	}
}

// compare holds one conversation with both and compares the end.
func compare(o *oracle, g generated) ([]difference, error) {
	want, got, err := both(o, g)
	if err != nil {
		return nil, err
	}
	return meant(g, diff(want, got)), nil
}

// bottomMargin finds a region that may end above the last row.
var bottomMargin = regexp.MustCompile(`\x1b\[[0-9]*;[0-9]+r`)

// meant leaves out the differences that the generator cannot keep away from:
//
//   - A line that wraps in the last row, below the region that scrolls, begins
//     anew in that row. xterm.js marks the row above as going on.
//   - A cell that is erased because the other half of its wide character was
//     written over has the attributes of what was there, or of what is written
//     now; nobody sees them. The background has to be the same.
//   - When the width changes, xterm.js forgets the background of cells without
//     text at the end of a line.
func meant(g generated, ds []difference) []difference {
	region := slices.ContainsFunc(g.ops, func(s step) bool { return bottomMargin.Match(s.Write) })
	resized := slices.ContainsFunc(g.ops, func(s step) bool { return s.Resize != nil })
	return slices.DeleteFunc(ds, func(d difference) bool {
		return region && d.want == `"true"` && (d.what == "wrapped" || d.what == "above") ||
			d.blank && (resized || background.FindString(d.want) == background.FindString(d.got))
	})
}

var background = regexp.MustCompile(`bg=[#0-9a-f]+|inverse`)

func both(o *oracle, g generated) (want, got shot, err error) {
	steps := append(g.steps(), step{Check: &checkStep{Scrollback: true}})
	shots, err := o.ask(steps)
	if err != nil {
		return shot{}, shot{}, err
	}
	if len(shots) != 1 {
		return shot{}, shot{}, fmt.Errorf("%d answers instead of one", len(shots))
	}
	return shots[0], run(steps)[0], nil
}

// shorten leaves out of a conversation what the difference does not need: ops,
// the larger halves first, then characters.
func shorten(o *oracle, g generated) generated {
	differs := func(g generated) bool {
		ds, err := compare(o, g)
		return err == nil && len(ds) > 0
	}
	for size := max(1, len(g.ops)/2); size > 0; size /= 2 {
		for i := 0; i+size <= len(g.ops); {
			less := g
			less.ops = slices.Delete(slices.Clone(g.ops), i, i+size)
			if differs(less) {
				g = less
			} else {
				i++
			}
		}
	}
	for i := range g.ops {
		// Half of a cluster would be another matter.
		for p := g.ops[i].Write; len(p) > 1 && p[0] >= ' ' && p[0] < 0x7f && p[1] < 0x7f; {
			p = p[1:]
			less := g
			less.ops = slices.Clone(g.ops)
			less.ops[i].Write = p
			if !differs(less) {
				break
			}
			g = less
		}
	}
	return g
}

func explain(o *oracle, g generated) string {
	want, got, err := both(o, g)
	if err != nil {
		return err.Error()
	}
	return report(meant(g, diff(want, got)), want, got)
}
