package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

func TestItAlternates(t *testing.T) {
	dir := t.TempDir()
	order, rows := filepath.Join(dir, "order"), filepath.Join(dir, "rows")
	say := func(s string) string { return "printf " + s + " >> " + order }
	var stdout, stderr bytes.Buffer
	status := run([]string{"-n", "2", "-name", "order", "-goal", ">=0", "-before", say("."), "-rows", rows,
		"sh", "-c", say("A"), "::", "sh", "-c", say("B")}, &stdout, &stderr)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	if got, err := os.ReadFile(order); err != nil || string(got) != ".A.B.A.B.A.B" {
		t.Errorf("%q, %v; want one round to warm up and two more", got, err)
	}
	if got, err := os.ReadFile(rows); err != nil || !strings.HasPrefix(string(got), "order\t") || !strings.HasSuffix(string(got), "\t>=0\tmet\n") {
		t.Errorf("row %q, %v", got, err)
	}
	if !strings.Contains(stdout.String(), "B / A = ") {
		t.Errorf("no ratio:\n%s", stdout.String())
	}
}

func TestAFailingCommandIsNoResult(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{"true", "::", "sh", "-c", "echo out of luck >&2; exit 3"}, &stdout, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "exit status 3") || !strings.Contains(stderr.String(), "out of luck") {
		t.Errorf("status %d, stderr:\n%s", status, stderr.String())
	}
	if stdout.Len() != 0 {
		t.Errorf("a result all the same:\n%s", stdout.String())
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"true"}, {"true", "::"}, {"::", "true"}, {"-n", "0", "true", "::", "true"}, {"-goal", "2", "true", "::", "true"}} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, want 2 and an explanation", args, status)
		}
	}
}

func TestSummary(t *testing.T) {
	ms := time.Millisecond
	a, b := []time.Duration{10 * ms, 30 * ms, 20 * ms}, []time.Duration{10 * ms, 10 * ms, 10 * ms}
	for goal, want := range map[string]struct {
		ratio   float64
		verdict string
	}{"<=2": {2, "met"}, "<=1.9": {2, "missed"}, ">=0.5": {0.5, "met"}, ">=1": {0.5, "missed"}} {
		g, err := result.ParseGoal(goal)
		if err != nil {
			t.Fatal(err)
		}
		s := summarize([2]string{"us", "them"}, a, b, g)
		if s.ratio != want.ratio || s.row("x").Verdict != want.verdict {
			t.Errorf("goal %s: ratio %g %s, want %g %s", goal, s.ratio, s.row("x").Verdict, want.ratio, want.verdict)
		}
		if s.low > s.ratio || s.high < s.ratio {
			t.Errorf("goal %s: the spread %g to %g does not hold %g", goal, s.low, s.high, s.ratio)
		}
	}
}

func TestStamps(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stamps")
	for _, tt := range []struct {
		data, span string
		want       time.Duration
		bad        bool
	}{
		{"30\n10\n20\n", spanFirst, 5, false},
		{"30\n10\n20\n", spanBetween, 20, false},
		{"30\n", spanBetween, 0, true},
		{"", spanFirst, 0, true},
		{"x\n", spanFirst, 0, true},
	} {
		got, err := spanOf([]byte(tt.data), tt.span, 5)
		if got != tt.want || err != nil != tt.bad {
			t.Errorf("%q, %s: %v, %v", tt.data, tt.span, got, err)
		}
	}
	var stdout, stderr bytes.Buffer
	stamp := []string{"sh", "-c", "echo 10 > " + file + "; echo 30 >> " + file}
	args := append([]string{"-n", "1", "-warmup", "0", "-stamps", file, "-span", spanBetween, "-goal", ">=0", "-most", "19ns"}, stamp...)
	if status := run(append(append(args, "::"), stamp...), &stdout, &stderr); status != 0 || !strings.Contains(stdout.String(), "missed") {
		t.Errorf("status %d: %s%s", status, stdout.String(), stderr.String())
	}
}
