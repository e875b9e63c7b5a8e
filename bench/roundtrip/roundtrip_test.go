//go:build linux

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// asProgram makes the test binary behave as roundtrip.
const asProgram = "ROUNDTRIP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestTmux: the ways to ask the peer see every answer, and only then.
func TestTmux(t *testing.T) {
	testpeer.Need(t, "tmux", "tmux")
	t.Setenv(asProgram, "1")
	m := measurement{patience: 30 * time.Second}
	for name, make := range map[string]func(tmuxServer) side{
		"commands":   func(s tmuxServer) side { return &s },
		"connection": func(s tmuxServer) side { return &tmuxControl{tmuxServer: s} },
	} {
		t.Run(name, func(t *testing.T) {
			s := make(tmuxServer{program: "tmux", socket: filepath.Join(t.TempDir(), "s"), poll: time.Millisecond})
			ctx, cancel := context.WithTimeout(t.Context(), m.patience)
			defer cancel()
			if err := s.start(ctx, []string{os.Args[0], "answer"}); err != nil {
				t.Fatal(err)
			}
			defer s.stop()
			if err := s.wait(ctx, answerTo(0)); err != nil {
				t.Fatal(err)
			}
			for key := 1; key <= 11; key++ {
				if d, err := m.trip(s, key); err != nil || d <= 0 {
					t.Fatalf("trip %d took %v: %v", key, d, err)
				}
			}
			soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := s.wait(soon, answerTo(1)); err == nil {
				t.Error("an old answer counts as one")
			}
		})
	}
}

func TestReport(t *testing.T) {
	rows := filepath.Join(t.TempDir(), "rows")
	var stdout, stderr bytes.Buffer
	if status := run([]string{"measure", "-sluice", "/no/such/sluice", "-rows", rows}, &stdout, &stderr); status != 1 || !strings.Contains(stderr.String(), "no such file") {
		t.Errorf("status %d, stderr %s", status, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("a result all the same:\n%s", stdout.String())
	}
	m := measurement{name: "trip", rows: rows}
	m.goal.Op, m.goal.Bound = ">=", 3
	ms := time.Millisecond
	if err := m.report(&stdout, [2][]time.Duration{{ms, 2 * ms, 4 * ms}, {4 * ms, 8 * ms, 12 * ms}}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(rows); err != nil || string(got) != "trip\t2000us\ttmux 8000us\t4.00 (3.00-4.00)\t>=3\tmet\n" {
		t.Errorf("row %q, %v", got, err)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, args := range [][]string{{}, {"watch"}, {"measure", "tmux"}, {"measure", "-way", "letter"}, {"measure", "-n", "0"}, {"measure", "-goal", "3"}} {
		var stdout, stderr bytes.Buffer
		if status := run(args, &stdout, &stderr); status != 2 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, want 2 and an explanation", args, status)
		}
	}
}
