package main

import (
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// side is what one command took.
type side struct {
	label             string
	low, median, high time.Duration
}

type summary struct {
	a, b side
	goal result.Goal
	// ratio is that of the medians, low and high the quartiles of the ratios
	// pair by pair: how much to believe it.
	ratio, low, high float64
	// most is a goal for our own time; 0 is none.
	most time.Duration
}

// verdict is on both goals, the ratio's and our own time's.
func (s summary) verdict() string {
	v := s.goal.Verdict(s.ratio)
	if s.most > 0 && v != "missed" {
		v = "met"
		if s.a.median > s.most {
			v = "missed"
		}
	}
	return v
}

func (s summary) goals() string {
	switch {
	case s.most == 0:
		return s.goal.String()
	case s.goal.Op == "":
		return "<=" + s.most.String()
	}
	return s.goal.String() + ", <=" + s.most.String()
}

func summarize(labels [2]string, a, b []time.Duration, goal result.Goal) summary {
	s := summary{a: newSide(labels[0], a), b: newSide(labels[1], b), goal: goal}
	over, under := a, b
	s.ratio = float64(s.a.median) / float64(s.b.median)
	if goal.Op == ">=" {
		over, under = b, a
		s.ratio = 1 / s.ratio
	}
	ratios := make([]float64, len(a))
	for i := range ratios {
		ratios[i] = float64(over[i]) / float64(under[i])
	}
	s.low, s.high = result.Quantile(ratios, 0.25), result.Quantile(ratios, 0.75)
	return s
}

func newSide(label string, times []time.Duration) side {
	return side{label, result.Quantile(times, 0), result.Median(times), result.Quantile(times, 1)}
}

func (s summary) print(w io.Writer, name string) {
	fmt.Fprintf(w, "%s\n", name)
	for _, x := range []side{s.a, s.b} {
		fmt.Fprintf(w, "  %-24s min %9s  median %9s  max %9s\n", x.label, short(x.low), short(x.median), short(x.high))
	}
	of := s.a.label + " / " + s.b.label
	if s.goal.Op == ">=" {
		of = s.b.label + " / " + s.a.label
	}
	fmt.Fprintf(w, "  %s = %.2f (pairs: %.2f to %.2f)  goal %s  %s\n", of, s.ratio, s.low, s.high, s.goals(), s.verdict())
}

func (s summary) row(name string) result.Row {
	return result.Row{
		Name: name, Ours: short(s.a.median), Peer: s.b.label + " " + short(s.b.median),
		Value: fmt.Sprintf("%.2f (%.2f-%.2f)", s.ratio, s.low, s.high),
		Goal:  s.goals(), Verdict: s.verdict(),
	}
}

// short is a duration to three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
