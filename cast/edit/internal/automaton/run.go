package automaton

import (
	"math"
	"slices"
)

// Threads is where the attempts at matches stand at the end of a run.
type Threads struct{ list []thread }

// Live tells whether there are any, and the first character of the run that the
// earliest of them took: negative for one of a run before.
func (t *Threads) Live() (first int, ok bool) {
	for _, th := range t.list {
		if !ok || int(th.start) < first {
			first, ok = int(th.start), true
		}
	}
	return first, ok
}

// Runner runs a set over characters with positions. Begin a run, then give it
// all characters with Next.
type Runner struct {
	stepper
	kind       Kind
	at         int32
	cur, spare []thread
	only       func(int) bool
	matches    [][]Match // of each expression, by place
	all        []Match
}

// NewRunner returns a runner over s. There may be several, which take turns.
func (s *Set) NewRunner() *Runner {
	r := &Runner{matches: make([][]Match, len(s.rules))}
	r.Set = s
	r.stepper.found = r.record
	return r
}

// Begin begins a run after a character of the kind, with the threads that the run
// before left. rules has a bit for each expression (modulo 64) to run.
func (r *Runner) Begin(before Kind, from Threads, rules uint64) {
	r.kind, r.at = before, 0
	for i := range r.matches {
		r.matches[i] = r.matches[i][:0]
	}
	r.cur = append(r.cur[:0], from.list...)
	r.only = nil
	if rules != All {
		r.only = func(i int) bool { return rules>>(i%64)&1 != 0 }
	}
}

// All is all expressions of a set.
const All = ^uint64(0)

// Next takes one character.
func (r *Runner) Next(c rune) {
	next := r.step(r.spare[:0], r.cur, r.kind, c, r.at, r.only)
	r.cur, r.spare = next, r.cur
	r.kind = kindOf(c)
	r.at++
}

// Live is Threads.Live for where the run stands.
func (r *Runner) Live() (first int, ok bool) { return (&Threads{r.cur}).Live() }

// Kind is what the last character was.
func (r *Runner) Kind() Kind { return r.kind }

// Matches are those found up to here, by expression and then by place. One at the
// end may still grow. They are valid until the next call.
func (r *Runner) Matches() []Match {
	r.all = r.all[:0]
	for _, m := range r.matches {
		r.all = append(r.all, m...)
	}
	return r.all
}

// End is Matches for a text that ends here.
func (r *Runner) End() []Match {
	r.spare = r.step(r.spare[:0], r.cur, r.kind, -1, r.at, r.only)
	return r.Matches()
}

// Threads are the attempts at the end of the run, for the next one.
func (r *Runner) Threads() Threads {
	list := slices.Clone(r.cur)
	for i := range list {
		t := &list[i]
		t.start -= r.at
		if t.open != unset {
			t.open -= r.at
		}
		if t.shut != unset {
			t.shut -= r.at
		}
	}
	return Threads{list}
}

// record takes a match, in place of those that it shows to be none: a shorter one
// from the same start, and what was found after that.
func (r *Runner) record(rule int, t thread, end int32) {
	m := Match{Rule: rule, From: int(t.start), Until: int(end), start: t.start}
	list := r.matches[rule]
	for len(list) > 0 && list[len(list)-1].start >= t.start {
		list = list[:len(list)-1]
	}
	if r.rules[rule].open != math.MaxUint32 {
		if t.open == unset || t.shut == unset || t.shut < t.open {
			m.From, m.Until = int(end), int(end)
		} else {
			m.From, m.Until = int(t.open), int(t.shut)
		}
	}
	r.matches[rule] = append(list, m)
}
