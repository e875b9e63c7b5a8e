package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// asProgram makes the test binary behave as latency.
const asProgram = "LATENCY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestMeasureARealWorker(t *testing.T) {
	t.Setenv(asProgram, "1")
	rows := filepath.Join(t.TempDir(), "rows")
	// A prefix as launchers put it; sed -u passes each line on as it comes.
	tagged := os.Args[0] + ` worker -n 30 -every 1ms | sed -u "s/^/[0] /"`
	var stdout, stderr bytes.Buffer
	status := run([]string{"measure", "-rounds", "2", "-skip", "5", "-p50", "<=60000000", "-rows", rows,
		os.Args[0], "worker", "-n", "30", "-every", "1ms", "::", "sh", "-c", tagged}, &stdout, &stderr)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	got, err := os.ReadFile(rows)
	if lines := strings.Split(string(got), "\n"); err != nil || len(lines) != 3 || !strings.HasSuffix(lines[0], "\tmet") || !strings.HasSuffix(lines[1], "\t-\t-") {
		t.Errorf("rows %q, %v; want p50 with its goal and p99 without", got, err)
	}
	if !strings.Contains(stdout.String(), "ratio") {
		t.Errorf("no ratio:\n%s", stdout.String())
	}
}

func TestNoStampsIsNoResult(t *testing.T) {
	var stdout, stderr bytes.Buffer
	for _, argv := range [][]string{{"echo", "stamp x"}, {"sh", "-c", "exit 3"}, {"/no/such/launcher"}} {
		if status := run(append([]string{"measure", "-rounds", "1"}, argv...), &stdout, &stderr); status != 1 {
			t.Errorf("%q: status %d, want 1", argv, status)
		}
	}
	if stdout.Len() > 0 {
		t.Errorf("a result all the same:\n%s", stdout.String())
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"watch"}, {"measure"}, {"measure", "true", "::"}, {"worker", "-n", "0"}, {"measure", "-p50", "200", "true"}} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, want 2 and an explanation", args, status)
		}
	}
}

func FuzzStamps(f *testing.F) {
	f.Add([]byte("[0] stamp 12\nnoise\nstamp 7\n[1] sta"), 5)
	f.Add([]byte("stamp stamp 3\nstamp -1\nstamp 99999999999999999999\n"), 1)
	f.Add([]byte("stamp 5\r\n"), 0)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		var whole, parts []time.Duration
		rest := stamps(data, func(d time.Duration) { whole = append(whole, d) })
		if bytes.ContainsRune(rest, '\n') || !bytes.HasSuffix(data, rest) {
			t.Fatalf("of %q is left %q", data, rest)
		}
		// However the console is cut into reads, the stamps are the same.
		cut = min(max(cut, 0), len(data))
		first := stamps(data[:cut], func(d time.Duration) { parts = append(parts, d) })
		stamps(slices.Concat(first, data[cut:]), func(d time.Duration) { parts = append(parts, d) })
		if !slices.Equal(whole, parts) {
			t.Fatalf("%q gives %v, cut at %d %v", data, whole, cut, parts)
		}
	})
}

func TestStampLine(t *testing.T) {
	var got []time.Duration
	stamps([]byte(fmt.Sprint("[0] ", stampLine(12345))), func(d time.Duration) { got = append(got, d) })
	if !slices.Equal(got, []time.Duration{12345}) {
		t.Errorf("%v", got)
	}
}
