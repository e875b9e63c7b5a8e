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
// @xterm/headless and compares what is to be seen now and then and at their end.
// The first seeds are the same each time, the others are new; SLUICE_XTERM_RANDOM
// tells how many.
//
// New conversations do not change the size: in one of some thousands the two then
// differ for reasons that are not ours (blank lines that an erased line goes on
// with), and a test must not fail by chance.
func TestXtermRandom(t *testing.T) {
	o := newOracle(t)
	const fixed = 400
	fresh := 60
	if n, err := strconv.Atoi(os.Getenv("SLUICE_XTERM_RANDOM")); err == nil {
		fresh = n
	}
	failed := 0
	for i := range fixed + fresh {
		seed := uint64(i)
		if i >= fixed {
			seed = rand.Uint64()
		}
		g := conversation(seed, i < fixed)
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
		if failed++; failed == 5 {
			t.Fatal("enough of them")
		}
	}
}

// compare holds one conversation with both and returns the differences at the
// first moment that has some.
func compare(o *oracle, g generated) ([]difference, error) {
	ds, _, _, err := firstDifference(o, g)
	return ds, err
}

func firstDifference(o *oracle, g generated) (ds []difference, want, got shot, err error) {
	steps := g.steps()
	wants, err := o.ask(steps)
	if err != nil {
		return nil, shot{}, shot{}, err
	}
	gots := run(steps)
	if len(wants) != len(gots) {
		return nil, shot{}, shot{}, fmt.Errorf("%d answers instead of %d", len(wants), len(gots))
	}
	for i := range wants {
		if ds := meant(g, diff(wants[i], gots[i])); len(ds) > 0 {
			return ds, wants[i], gots[i], nil
		}
	}
	return nil, shot{}, shot{}, nil
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
	ds, want, got, err := firstDifference(o, g)
	if err != nil {
		return err.Error()
	}
	return report(ds, want, got)
}
