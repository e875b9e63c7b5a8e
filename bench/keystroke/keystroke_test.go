//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// asProgram makes the test binary behave as keystroke.
const asProgram = "KEYSTROKE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// few makes a measurement a quick one.
var few = []string{"measure", "-n", "20", "-skip", "3", "-min", "0", "-max", "1us"}

func TestMeasureThroughAnotherTerminal(t *testing.T) {
	testpeer.Need(t, "script", "bsdutils")
	t.Setenv(asProgram, "1")
	rows := filepath.Join(t.TempDir(), "rows")
	through := []string{"script", "-qec", os.Args[0] + " echo", "/dev/null"}
	var stdout, stderr bytes.Buffer
	args := append(few, "-name", "keys", "-rounds", "1", "-b", "script", "-p50", "<=60000000", "-rows", rows, os.Args[0], "echo", "::")
	if status := run(append(args, through...), &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	for _, want := range []string{"bare", "adds", "script"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q:\n%s", want, stdout.String())
		}
	}
	got, err := os.ReadFile(rows)
	if lines := strings.Split(string(got), "\n"); err != nil || len(lines) != 3 || !strings.HasSuffix(lines[0], "\tmet") || !strings.HasSuffix(lines[1], "\t-\t-") {
		t.Errorf("rows %q, %v; want p50 with its goal and p99 without", got, err)
	}
}

func TestEveryCountedKeyIsAFigure(t *testing.T) {
	t.Setenv(asProgram, "1")
	m := measurement{rounds: 1, typing: typing{keys: 7, skip: 4, patience: time.Minute}}
	took, err := m.once([]string{os.Args[0], "echo"}, 1)
	if err != nil || len(took) != 7 {
		t.Fatalf("%d figures, %v; want 7", len(took), err)
	}
	for _, d := range took {
		if d <= 0 {
			t.Errorf("a key took %v", d)
		}
	}
}

func TestNoEchoIsNoResult(t *testing.T) {
	t.Setenv(asProgram, "1")
	const long, short = 30 * time.Second, 300 * time.Millisecond
	for _, tt := range []struct {
		argv     []string
		patience time.Duration
		want     string
	}{
		{[]string{"sh", "-c", "echo out of luck; exit 3"}, long, "no process has the terminal open"},
		{[]string{"/no/such/client"}, long, "no such file"},
		{[]string{"sh", "-c", "stty raw -echo; printf '" + ready + "'; exec cat >/dev/null"}, short, "did not come within"},
		{[]string{"sh", "-c", `"$0" echo; exit 5`, os.Args[0]}, long, "exit status 5"},
	} {
		m := measurement{rounds: 1, typing: typing{keys: 3, patience: tt.patience}}
		if took, err := m.once(tt.argv, 1); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, %v; want %q", tt.argv, took, err, tt.want)
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run(append(few, "-rounds", "1", "/no/such/client"), &stdout, &stderr); status != 1 || stdout.Len() > 0 {
		t.Errorf("status %d with the result %q; want 1 and none", status, stdout.String())
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"watch"}, {"measure"}, {"measure", "true", "::"}, {"measure", "-n", "0", "true"}, {"measure", "-min", "2ms", "-max", "1ms", "true"}, {"measure", "-p50", "200", "true"}} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, want 2 and an explanation", args, status)
		}
	}
}

func TestAddedIsRoundByRound(t *testing.T) {
	us := func(all ...int) (ds []time.Duration) {
		for _, n := range all {
			ds = append(ds, time.Duration(n)*time.Microsecond)
		}
		return ds
	}
	// The machine was slow in the last round, for both.
	if got := added(us(110, 120, 5100), us(10, 10, 5000)); got != 100 {
		t.Errorf("added %v us, want 100", got)
	}
}
