//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/runs"
)

// rotateText is what each rank writes, in portions.
func rotateText() string {
	var b strings.Builder
	for i := 1; i <= 12000; i++ {
		fmt.Fprintf(&b, "%079d\n", i)
	}
	return b.String()
}

// rotateRun starts a rank that is tee'd and one that writes its log directly;
// they write once go is called.
func rotateRun(t *testing.T, flags ...string) (w *world, s *started, id string, goOn func()) {
	t.Helper()
	w = newWorld(t)
	gate := filepath.Join(w.dir, "go")
	script := `while [ ! -e ` + gate + ` ]; do sleep 0.02; done
		i=1; while [ $i -lt 12000 ]; do seq -f %079.0f $i $((i+399)); i=$((i+400)); sleep 0.01; done`
	args := append([]string{"run", "-n", "2", "--redirect", "1:all", "--console", "none", "--log-max-size", "64K"}, flags...)
	s = w.start(append(args, "--", "sh", "-c", script)...)
	w.workersOf(2)
	return w, s, w.ps()[0].ID, func() { writeFile(t, gate, "", 0o600) }
}

// archives are the ranges in the names of a log's archives.
func archives(t *testing.T, dir string) (ranges [][2]int, compressed int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "stdout.log.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		span, ok := strings.CutSuffix(filepath.Base(name), ".zst")
		if ok {
			compressed++
		}
		var r [2]int
		if n, err := fmt.Sscanf(strings.TrimPrefix(span, "stdout.log."), "%d-%d", &r[0], &r[1]); n != 2 {
			t.Fatalf("archive %s: %v", name, err)
		}
		ranges = append(ranges, r)
	}
	return ranges, compressed
}

// Logs that are cut and compressed while they are written read as if they were
// not: whole, by offset, and by those who follow them.
func TestRotation(t *testing.T) {
	t.Parallel()
	w, s, id, goOn := rotateRun(t, "--log-compress")
	follow := func(rank int) *started {
		return w.start("logs", id, "-f", "--raw", "--stream", "out", "--rank", strconv.Itoa(rank))
	}
	before := []*started{follow(0), follow(1)}
	goOn()
	dir := w.ps()[0].Dir
	var during []*started
	for rank := range 2 {
		eventually(t, "the log has been cut", func() bool {
			names, _ := filepath.Glob(filepath.Join(dir, runs.WorkerDir(0, rank), "stdout.log.*"))
			return len(names) > 0
		})
		during = append(during, follow(rank))
	}
	if got := s.end(); got != 0 {
		t.Fatalf("exit status %d\n%s", got, s.err)
	}
	text := rotateText()
	for rank := range 2 {
		for what, f := range map[string]*started{"before": before[rank], "during": during[rank]} {
			if got := f.end(); got != 0 || f.out.String() != text {
				t.Errorf("the follower of rank %d that was started %s: status %d, %d of %d bytes\n%s", rank, what, got, len(f.out.String()), len(text), f.err)
			}
		}
		ranges, compressed := archives(t, filepath.Join(dir, runs.WorkerDir(0, rank)))
		if len(ranges) == 0 || compressed != len(ranges) {
			t.Errorf("rank %d: %d archives, %d compressed", rank, len(ranges), compressed)
		}
		for _, r := range ranges {
			if text[r[1]-1] != '\n' {
				t.Errorf("rank %d: the archive %v splits a line", rank, r)
			}
		}
		for _, off := range []int{0, 1, 65535, 65536, 70001, len(text) / 2, len(text) - 1, len(text)} {
			r := w.run("logs", id, "--raw", "--stream", "out", "--rank", strconv.Itoa(rank), "--since-offset", strconv.Itoa(off))
			if r.status != 0 || r.stdout != text[off:] {
				t.Errorf("rank %d from %d: status %d, %d bytes, not %d\n%s", rank, off, r.status, len(r.stdout), len(text)-off, r.stderr)
			}
		}
		r := w.run("logs", id, "--raw", "--stream", "out", "--rank", strconv.Itoa(rank), "--tail", "2000")
		if r.stdout != text[len(text)-2000*80:] {
			t.Errorf("rank %d: the last 2000 lines are %d bytes", rank, len(r.stdout))
		}
	}
}

// Old archives go; what is left keeps its offsets, and the loss is told.
func TestRotationKeep(t *testing.T) {
	thorough(t)
	t.Parallel()
	w, s, id, goOn := rotateRun(t, "--log-keep", "3")
	goOn()
	if got := s.end(); got != 0 {
		t.Fatalf("exit status %d\n%s", got, s.err)
	}
	text := rotateText()
	for rank := range 2 {
		dir := filepath.Join(w.ps()[0].Dir, runs.WorkerDir(0, rank))
		ranges, _ := archives(t, dir)
		if len(ranges) == 0 || len(ranges) > 3 {
			t.Fatalf("rank %d has archives %v", rank, ranges)
		}
		r := w.run("logs", id, "--raw", "--stream", "out", "--rank", strconv.Itoa(rank))
		if r.status != 0 || r.stdout != text[ranges[0][0]:] || !strings.Contains(r.stderr, "are gone") {
			t.Errorf("rank %d: status %d, %d bytes, not %d\n%s", rank, r.status, len(r.stdout), len(text)-ranges[0][0], r.stderr)
		}
		fi, err := os.Stat(filepath.Join(dir, "stdout.log"))
		if err != nil || fi.Size() > 256<<10 {
			t.Errorf("rank %d: the current file: %v %v", rank, fi, err)
		}
	}
}
