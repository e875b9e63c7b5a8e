package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/cast"
)

func TestMain(m *testing.M) {
	// A recorder that is measured runs us as its program.
	if len(os.Args) > 1 && os.Args[1] == "program" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// script makes a program of lines for sh.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "it")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func linux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("what a recorder leaves behind is found on Linux only")
	}
}

// burn is a program that needs some hundredths of a second of CPU time.
const burn = `i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done`

// What goes on in the background, whose parent has gone, counts as well.
func TestCostOfWhatIsLeftBehind(t *testing.T) {
	linux(t)
	for _, onTerminal := range []bool{false, true} {
		alone, err := costOf([]string{"sh", "-c", ":"}, onTerminal)
		if err != nil {
			t.Fatal(err)
		}
		left, err := costOf([]string{"sh", "-c", "trap '' HUP; (" + burn + ") >/dev/null 2>&1 &"}, onTerminal)
		if err != nil {
			t.Fatal(err)
		}
		if alone.cpu <= 0 || left.cpu < 2*alone.cpu {
			t.Errorf("on a terminal: %v: %v of CPU, and %v with what was left behind", onTerminal, alone.cpu, left.cpu)
		}
		if _, err := costOf([]string{"sh", "-c", "echo out of luck >&2; exit 3"}, false); err == nil || !strings.Contains(err.Error(), "out of luck") {
			t.Errorf("the error of a command that fails: %v", err)
		}
	}
}

// A recorder that does its work is measured, one that loses something is found
// out, and a peer that is not there is a row that says so.
func TestFlood(t *testing.T) {
	linux(t)
	recorder := `while [ "$1" != -- ]; do case $1 in *.cast) f=$1;; esac; shift; done; shift; `
	t.Setenv("PATH", "/nowhere")
	for _, c := range []struct {
		program, err string
	}{
		{recorder + `"$@" >"$f"`, ""},
		{recorder + `"$@" >/dev/null; echo lost >"$f"`, "has 5 bytes of a text of 200000"},
		{recorder + `"$@" >/dev/null`, "there is no recording"},
		{`echo >recorded`, "the program did not come to its end"},
	} {
		rows := filepath.Join(t.TempDir(), "rows")
		dir := t.TempDir()
		t.Chdir(t.TempDir())
		var stdout, stderr bytes.Buffer
		status := run([]string{"flood", "-sluice", script(t, c.program), "-n", "2", "-bytes", "200000", "-dir", dir, "-rows", rows}, &stdout, &stderr)
		if c.err != "" {
			if status != 1 || !strings.Contains(stderr.String(), c.err) {
				t.Errorf("%s: status %d: %s", c.program, status, stderr.String())
			}
			continue
		}
		if status != 0 {
			t.Fatal(stderr.String())
		}
		got, err := os.ReadFile(rows)
		if want := "recording headless / asciinema rec\t\t\t\t\tskipped: needs asciinema\n"; err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("%v, rows %q, want %q first", err, got, want)
		}
		if n := strings.Count(stdout.String(), "sluice rec, headless, round"); n != 2 {
			t.Errorf("%d rounds:\n%s", n, stdout.String())
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v, %v are left", err, left)
		}
	}
}

func TestCompare(t *testing.T) {
	rows := filepath.Join(t.TempDir(), "rows")
	b := bench{rows: rows, bytes: 2_000_000, out: io.Discard}
	took := func(ms ...int) (all []cost) {
		for _, n := range ms {
			all = append(all, cost{wall: time.Second, cpu: time.Duration(n) * time.Millisecond})
		}
		return all
	}
	ours := &recorder{label: "ours", took: took(40, 90, 50)}
	if err := b.compare("it", ours, &recorder{label: "peer", goal: "<=0.5", took: took(100, 100, 200)}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(rows)
	if want := "it\tours 25.0 ms of CPU/MB (1.00 s)\tpeer 50.0 ms of CPU/MB (1.00 s)\t0.50 (0.25-0.90)\t<=0.5\tmet\n"; err != nil || string(got) != want {
		t.Errorf("%v, %q, want %q", err, got, want)
	}
}

// The recordings that are worked on have what they are said to have.
func TestRecordings(t *testing.T) {
	hour, minute := filepath.Join(t.TempDir(), "hour"), filepath.Join(t.TempDir(), "minute")
	if err := writeHour(hour, cast.V2, 300_000); err != nil {
		t.Fatal(err)
	}
	if err := writeMinute(minute); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name         string
		bytes        int
		from, to     time.Duration
		never, often string
	}{
		{hour, 300_000, 58 * time.Minute, time.Hour, "no such text", "downloading"},
		{minute, 60_000, 59 * time.Second, time.Minute, "\x1b[?1049h", "-- INSERT --"},
	} {
		r, err := cast.Open(c.name, cast.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var all bytes.Buffer
		last := time.Duration(0)
		for {
			e, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			all.Write(e.Data)
			last = e.Time
		}
		r.Close()
		if n := all.Len(); n < c.bytes || last < c.from || last > c.to {
			t.Errorf("%d bytes in %v", n, last)
		}
		if s := all.String(); strings.Contains(s, c.never) || strings.Count(s, c.often) < 100 {
			t.Errorf("%q %d times", c.often, strings.Count(s, c.often))
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"sing"}, {"flood"}, {"work", "-sluice", "x", "-n", "0"}, {"flood", "-sluice", "x", "more"}} {
		var stderr bytes.Buffer
		if status := run(args, io.Discard, &stderr); status != 2 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, %q", args, status, stderr.String())
		}
	}
	if status := run([]string{"program", "/nowhere", "/nowhere"}, io.Discard, io.Discard); status != 1 {
		t.Errorf("a program without its text: status %d", status)
	}
}
