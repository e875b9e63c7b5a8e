package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

// place gives a test a state directory of its own.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	return dir
}

// put makes a run with a chosen id; later ones are newer.
func put(t *testing.T, id, name string, age time.Duration) *Record {
	t.Helper()
	r := &Record{Version: 1, ID: id, Name: name, Dir: filepath.Join(StateDir(), "runs", id), State: Ended,
		Started: time.Now().Add(-age).Round(0)}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	place(t)
	if _, err := Find(""); err == nil || !strings.Contains(err.Error(), "no runs yet") {
		t.Errorf("in an empty place: %v", err)
	}
	put(t, "train-aaaaaa", "train", 3*time.Hour)
	put(t, "train-bbbbbb", "train", 2*time.Hour)
	put(t, "trainer-cccccc", "trainer", 4*time.Hour)
	put(t, "eval-dddddd", "eval", time.Hour)
	for id, age := range map[string]time.Duration{"many-eeeeee": 5 * time.Hour, "many-gggggg": 6 * time.Hour} {
		r := put(t, id, "many", age)
		r.Spec.Nodes.RunID = "shared <&> id"
		if err := r.Save(); err != nil {
			t.Fatal(err)
		}
	}
	away := put(t, "away-ffffff", "away", 7*time.Hour)
	dir := filepath.Join(t.TempDir(), away.ID)
	if err := os.Rename(away.Dir, dir); err != nil {
		t.Fatal(err)
	}
	link(away.ID, dir)
	for sel, want := range map[string]string{
		"":              "eval-dddddd",    // the latest
		"train":         "train-bbbbbb",   // a name: its latest, although ids of others begin so
		"train-aaaaaa":  "train-aaaaaa",   // an id
		"train-a":       "train-aaaaaa",   // a unique prefix
		"trainer-":      "trainer-cccccc", //
		"e":             "eval-dddddd",
		"away-ffffff":   "away-ffffff", // in a log dir of its own
		"shared <&> id": "many-eeeeee", // what the nodes of a run share
		filepath.Join(StateDir(), "runs", "train-aaaaaa"): "train-aaaaaa", // a path
	} {
		if r, err := Find(sel); err != nil || r.ID != want {
			t.Errorf("%q finds %+v, %v, not %s", sel, r, err, want)
		}
	}
	for sel, word := range map[string]string{"train-": "several runs begin so: train-bbbbbb train-aaaaaa", "x": "no run has this", "aaaaaa": "no run has this"} {
		_, err := Find(sel)
		var usage *job.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", sel, err)
		}
	}
}

// What is no run, or half of one, hides no other.
func TestListSkipsWhatItCannotRead(t *testing.T) {
	place(t)
	put(t, "good-aaaaaa", "good", 0)
	runs := filepath.Join(StateDir(), "runs")
	os.MkdirAll(filepath.Join(runs, "empty-bbbbbb"), 0o700)
	os.MkdirAll(filepath.Join(runs, "half-cccccc"), 0o700)
	os.WriteFile(filepath.Join(runs, "half-cccccc", "run.json"), []byte(`{"id":"half`), 0o600)
	if got := List(); len(got) != 1 || got[0].ID != "good-aaaaaa" {
		t.Errorf("got %v", got)
	}
}

// A run with a log dir of its own is found, and forgotten with its directory.
func TestOwnLogDir(t *testing.T) {
	state := place(t)
	logs := filepath.Join(t.TempDir(), "deep", "logs")
	id, dir, err := Create("job", logs)
	if err != nil || filepath.Dir(dir) != logs || !strings.HasPrefix(id, "job-") || len(id) != len("job-")+6 {
		t.Fatalf("%s %s %v", id, dir, err)
	}
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", fi, err)
	}
	if err := (&Record{ID: id, Name: "job", Dir: dir, Started: time.Now()}).Save(); err != nil {
		t.Fatal(err)
	}
	if r, err := Find("job"); err != nil || r.ID != id || r.Dir != dir {
		t.Errorf("%+v %v", r, err)
	}
	os.RemoveAll(dir)
	if got := List(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if ents, _ := os.ReadDir(filepath.Join(state, "sluice", "index")); len(ents) != 0 {
		t.Errorf("the index still has %v", ents)
	}
}

func TestSocketDirIsOurs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	os.Mkdir(filepath.Join(dir, "sluice"), 0o755)
	got, err := SocketDir()
	if err != nil || got != filepath.Join(dir, "sluice") {
		t.Fatalf("%s %v", got, err)
	}
	if fi, err := os.Stat(got); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", fi, err)
	}
	// A trap: what is a link, or a file, is not used.
	t.Setenv("TMPDIR", t.TempDir())
	os.Remove(got)
	os.Symlink(t.TempDir(), got)
	if again, err := SocketDir(); err != nil || again == got {
		t.Errorf("a symbolic link is used: %s %v", again, err)
	}
}

// A run whose launcher and agent were killed before its run.json is known, and
// is lost; one that is only just starting is left alone.
func TestRunWithoutRecord(t *testing.T) {
	place(t)
	old, young := filepath.Join(StateDir(), "runs", "cut-aaaaaa"), filepath.Join(StateDir(), "runs", "new-bbbbbb")
	for _, dir := range []string{old, young} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-time.Minute)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	got := List()
	if len(got) != 1 || got[0].ID != "cut-aaaaaa" || !got[0].Lost() {
		t.Fatalf("List is %+v, want the old one alone, and lost", got)
	}
}

// BenchmarkFind is what it costs to name a run where there are a thousand.
func BenchmarkFind(b *testing.B) {
	b.Setenv("XDG_STATE_HOME", b.TempDir())
	for i := range 1000 {
		id := fmt.Sprintf("train-%06d", i)
		r := &Record{Version: 1, ID: id, Name: "train", Dir: filepath.Join(StateDir(), "runs", id), State: Ended, Started: time.Now()}
		if err := os.MkdirAll(r.Dir, 0o700); err != nil {
			b.Fatal(err)
		}
		if err := r.Save(); err != nil {
			b.Fatal(err)
		}
	}
	for _, sel := range []string{"train-000500", "train-0005", "train"} {
		b.Run(sel, func(b *testing.B) {
			for b.Loop() {
				if _, err := Find(sel); err != nil && sel != "train-0005" {
					b.Fatal(err)
				}
			}
		})
	}
}
