package runs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
)

func TestRecordRoundTrip(t *testing.T) {
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	show, err := job.ParseRankSet("0,%8+1")
	if err != nil {
		t.Fatal(err)
	}
	first, now := 0, time.Now().UTC()
	want := &Record{
		Version: 1, ID: "a-bbbbbb", Name: "a", Dir: t.TempDir(), Host: "h", State: Ended,
		Spec: job.Spec{Command: []string{"x", "\xff"}[:1], Workers: 2, Console: job.Console{Show: show},
			Stop: job.Stop{Grace: job.Duration(-1), GraceSet: true}, Env: []string{"A=b"}},
		Started: now, Attempt: 1, Restarts: 1, Launcher: &self, Agent: &self, Socket: "/s", Cgroup: "/c",
		Workers: []Worker{{Outcome: job.Outcome{Rank: 0, Kind: job.KindSignaled, Signal: job.SIGKILL, Cause: job.CauseOOM,
			Because: &first, Started: now, Ended: now}, Identity: self, Dir: WorkerDir(1, 0)}},
		Result: &job.Result{RunID: "a-bbbbbb", Verdict: job.Failed, Status: 137, First: &first, Attempts: 2, Started: now, Ended: now,
			Outcomes: []job.Outcome{{Kind: job.KindExited, Code: 3}}},
	}
	if err := want.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := Load(want.Dir)
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b job.RankSet) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Error(diff)
	}
	if fi, err := os.Stat(filepath.Join(want.Dir, "run.json")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
	// Moved, it says where it is now.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(want.Dir, moved); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(moved); err != nil || got.Dir != moved {
		t.Errorf("%+v %v", got, err)
	}
}

// A run is lost only when nobody who could end it is left.
func TestLost(t *testing.T) {
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	gone := self
	gone.StartTime++ // the number of another process now
	for _, c := range []struct {
		rec  Record
		lost bool
	}{
		{Record{State: Running, Agent: &self}, false},
		{Record{State: Running, Agent: &gone}, true},
		{Record{State: Running, Agent: &gone, Launcher: &gone}, true},
		{Record{State: Running, Agent: &gone, Launcher: &self}, false},
		{Record{State: Stopping, Agent: &gone, Guardian: &self}, false},
		{Record{State: Running}, true},
		{Record{State: Ended, Agent: &gone}, false},
	} {
		if got := c.rec.Lost(); got != c.lost {
			t.Errorf("%+v: lost is %v", c.rec, got)
		}
	}
}

// The space that was set aside is given back at the end.
func TestReserve(t *testing.T) {
	r := &Record{ID: "a-bbbbbb", Dir: t.TempDir(), State: Running}
	r.Reserve()
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	r.State = Ended
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	ents, err := os.ReadDir(r.Dir)
	if err != nil || len(ents) != 1 || ents[0].Name() != "run.json" {
		t.Errorf("%v %v", ents, err)
	}
}
