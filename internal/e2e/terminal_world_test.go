//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// until waits for a condition that no event tells of, long enough for a machine
// that has other things to do.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to this: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// endRuns kills what still runs of this world's when the test ends.
func (w *world) endRuns() {
	w.t.Cleanup(func() {
		for _, rec := range w.ps() {
			if rec.State != "ended" {
				w.run("stop", "--kill", rec.ID)
			}
		}
	})
}

// script makes a program of sh's that is called ./name. What it prints is not on
// the screen before, as it would be with the whole script in a command line.
func (w *world) script(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		w.t.Fatal(err)
	}
}

// must runs sluice, which has to succeed, and returns its standard output.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.run(args...)
	if r.status != 0 {
		w.t.Fatalf("sluice %q: exit status %d\n%s%s", args, r.status, r.stdout, r.stderr)
	}
	return r.stdout
}

// waitText waits until a worker's screen shows text.
func (w *world) waitText(run, text string) {
	w.t.Helper()
	w.must("wait", run, "--text", text, "--timeout", "30s")
}

// waitEnded waits for the end of a run and returns its status.
func (w *world) waitEnded(run string) int {
	w.t.Helper()
	return w.run("wait", run, "--quiet", "--timeout", "30s").status
}

// sized waits until a worker's terminal has a size.
func (w *world) sized(run string, cols, rows int) {
	w.t.Helper()
	until(w.t, fmt.Sprintf("the terminal of %s is %dx%d", run, cols, rows), func() bool {
		return strings.Contains(w.must("screen", run, "--json"), fmt.Sprintf(`"cols":%d,"rows":%d,`, cols, rows))
	})
}
