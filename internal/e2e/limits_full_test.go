//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fullLines is what the chatty worker of these tests writes: more than fits on
// the disk, into the pipe and into whatever else may hold some.
const fullLines = 60000

// flood writes numbered lines, then tells in a file that it could.
func flood(w *world) []string {
	return []string{"sh", "-c", fmt.Sprintf(
		`seq -f '%%049.0f' 1 %d && echo done > %s/wrote.$RANK`, fullLines, w.dir)}
}

func floodText() string {
	var b strings.Builder
	for i := 1; i <= fullLines; i++ {
		fmt.Fprintf(&b, "%049d\n", i)
	}
	return b.String()
}

// fullRun starts a flood whose logs are on a disk of 1 MiB, and returns when
// the disk is full.
func fullRun(t *testing.T, flags ...string) (w *world, s *started, disk string) {
	t.Helper()
	w = newWorld(t)
	disk = smallDisk(t, "size=1m")
	events := filepath.Join(w.dir, "events")
	args := append([]string{"run", "--name", "full", "--log-dir", disk, "--events", events, "--console", "none"}, flags...)
	s = w.start(append(append(args, "--"), flood(w)...)...)
	eventually(t, "the disk is full", func() bool {
		b, _ := os.ReadFile(events)
		return strings.Contains(string(b), `"log_full"`)
	})
	return w, s, disk
}

func (w *world) wrote(rank int) bool {
	_, err := os.Stat(fmt.Sprintf("%s/wrote.%d", w.dir, rank))
	return err == nil
}

// While the disk is full the workers wait; when it has room again, everything
// arrives.
func TestFullDiskBlocks(t *testing.T) {
	t.Parallel()
	w, s, disk := fullRun(t, "-n", "2")
	recs := w.ps()
	for _, wk := range recs[0].Workers {
		if !alive(wk.PID) {
			t.Errorf("rank %d is not alive", wk.Rank)
		}
	}
	if w.wrote(0) && w.wrote(1) {
		t.Fatal("the disk was not full")
	}
	eventually(t, "sluice says why nothing moves", func() bool {
		return strings.Contains(s.err.String(), "no space left on device; the worker waits until it can\n")
	})
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	if got := s.end(); got != 0 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
	want := floodText()
	for rank := range 2 {
		if got := w.log(rank, "stdout"); got != want {
			t.Errorf("the log of rank %d has %d bytes, not %d", rank, len(got), len(want))
		}
	}
	if n := w.ps()[0].Result.Dropped; n != 0 {
		t.Errorf("%d bytes were dropped", n)
	}
}

// Ctrl-C works while everybody waits for the disk, and what is lost is counted.
func TestFullDiskInterrupted(t *testing.T) {
	t.Parallel()
	w, s, _ := fullRun(t, "--grace", "5s")
	s.Process.Signal(syscall.SIGINT)
	began := time.Now()
	if got := s.end(); got != 130 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("it took %v", d)
	}
	if !strings.Contains(s.err.String(), "dropped") {
		t.Errorf("nothing tells of what was lost:\n%s", s.err)
	}
	r := w.ps()[0]
	if r.State != "ended" || r.Result == nil || r.Result.Verdict != "stopped" || r.Result.Dropped == 0 {
		t.Errorf("sluice ps: %+v", r)
	}
	if got, want := w.log(0, "stdout"), floodText(); !strings.HasPrefix(want, got) || got == "" {
		t.Errorf("the log's %d bytes are not the first that were written", len(got))
	}
}

// With drop the worker gets on; every byte is in the log or counted.
func TestFullDiskDrops(t *testing.T) {
	t.Parallel()
	w, s, disk := fullRun(t, "--on-full", "drop")
	if got := s.end(); got != 0 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
	if !w.wrote(0) {
		t.Error("the worker did not finish")
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	r := w.ps()[0]
	if r.Result == nil {
		t.Fatalf("sluice ps: %+v", r)
	}
	if got := int64(len(w.log(0, "stdout"))) + r.Result.Dropped; got != fullLines*50 {
		t.Errorf("the log and what was dropped are %d bytes, not %d", got, fullLines*50)
	}
	if !strings.Contains(s.err.String(), "dropped") {
		t.Errorf("nothing tells of the loss:\n%s", s.err)
	}
}

func TestFullDiskStops(t *testing.T) {
	t.Parallel()
	w, s, _ := fullRun(t, "-n", "2", "--on-full", "stop", "--grace", "5s")
	if got := s.end(); got != 125 {
		t.Errorf("exit status %d", got)
	}
	for _, word := range []string{"no space", "rank "} {
		if !strings.Contains(s.err.String(), word) {
			t.Errorf("stderr lacks %q:\n%s", word, s.err)
		}
	}
	r := w.ps()[0]
	if r.Result == nil || r.Result.Verdict != "failed" {
		t.Errorf("sluice ps: %+v", r)
	}
	for _, wk := range r.Workers {
		// What is written from then on is dropped: one may come to its end before
		// it is stopped.
		if wk.Cause != "disk-full" && !(wk.Kind == "exited" && wk.Code == 0 && w.wrote(wk.Rank)) {
			t.Errorf("rank %d: %+v", wk.Rank, wk)
		}
	}
}

// What is shown may go to a full disk as well. The run does not mind, but whoever
// looks at a file that lacks half of it must have been told.
func TestFullDiskOfTheConsole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	toFull := func(cmd *exec.Cmd) { cmd.Stdout = full }
	const why = "no space left on device"
	for _, tt := range []struct {
		args, says string
		status     int
	}{
		{"run -n 2 -- echo hi", "stdout failed", 0},
		{"run -q -n 2 -- echo hi", "", 0},
		{"run --events /dev/full --console none -- true", "lacks events", 0},
		{"logs", why, 125},
		{"logs -f", why, 125},
	} {
		if strings.HasPrefix(tt.args, "logs") {
			w.run("run", "-n", "2", "--", "echo", "hi")
		}
		r := w.runWith(toFull, strings.Fields(tt.args)...)
		if r.status != tt.status || !strings.Contains(r.stderr, tt.says) || strings.Contains(r.stderr, why) != (tt.says != "") {
			t.Errorf("sluice %s: %+v does not say %q", tt.args, r, tt.says)
		}
	}
}
