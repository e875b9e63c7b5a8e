package runs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sluicerun/sluice/job"
)

// A run that was killed between a start and the next run.json still shows every
// rank's latest life.
func TestAddUnlisted(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"attempt_0/0", "attempt_0/1", "attempt_1/1", "attempt_0/10", "attempt_0/2", "attempt_0/x", "attempt_1/07"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r := &Record{Dir: dir, Workers: []Worker{
		{Outcome: job.Outcome{Rank: 0, Kind: job.KindExited, Code: 3}, Dir: "attempt_0/0"},
		{Outcome: job.Outcome{Rank: 1, LocalRank: 1, Kind: job.KindExited, Code: 4}, Dir: "attempt_0/1"},
	}}
	r.AddUnlisted()
	want := []Worker{
		{Outcome: job.Outcome{Rank: 0, Kind: job.KindExited, Code: 3}, Dir: "attempt_0/0"},
		{Outcome: job.Outcome{Rank: 1, LocalRank: 1, Attempt: 1, Kind: job.KindRunning}, Dir: "attempt_1/1"},
		{Outcome: job.Outcome{Rank: 2, LocalRank: 2, Kind: job.KindRunning}, Dir: "attempt_0/2"},
		{Outcome: job.Outcome{Rank: 10, LocalRank: 10, Kind: job.KindRunning}, Dir: "attempt_0/10"},
	}
	if len(r.Workers) != len(want) {
		t.Fatalf("got %d workers: %+v", len(r.Workers), r.Workers)
	}
	for i, w := range want {
		if r.Workers[i] != w {
			t.Errorf("got %+v, want %+v", r.Workers[i], w)
		}
	}
	if r.Attempt != 1 {
		t.Errorf("attempt %d", r.Attempt)
	}
}
