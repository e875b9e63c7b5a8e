package vt_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded is what a real program wrote to its terminal, see
// testdata/streams/recorder.py.
type recorded struct {
	Name       string `json:"-"`
	About      string
	Cols, Rows int
	Events     []struct {
		At     int // bytes before it
		Check  string
		Resize *[2]int
	}
	data []byte
}

func recordedStreams(t testing.TB) []recorded {
	t.Helper()
	files, err := filepath.Glob("testdata/streams/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d streams in testdata/streams, want 20 at least: %v", len(files), err)
	}
	var all []recorded
	for _, file := range files {
		r := recorded{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			t.Fatalf("reading the events of %s: %v", r.Name, err)
		}
		r.data, err = readGzip(strings.TrimSuffix(file, ".json") + ".raw.gz")
		if err != nil {
			t.Fatalf("reading the bytes of %s: %v", r.Name, err)
		}
		// vttest allows the change to 132 columns. Ours then clears the screen, as
		// xterm does when it changes; xterm.js knows neither, so that nothing could
		// be compared any more. Same length: the offsets stay.
		r.data = bytes.ReplaceAll(r.data, []byte("\x1b[?40h"), []byte("\x1b[?40l"))
		all = append(all, r)
	}
	return all
}

func readGzip(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// steps plays the stream, with its resizes and checks. Only the last check looks
// at the lines above the screen: it sees what the others would.
func (r recorded) steps() []step {
	steps := []step{{New: &newStep{r.Cols, r.Rows}}}
	at := 0
	for i, e := range r.Events {
		if e.At > at {
			steps = append(steps, step{Write: r.data[at:e.At]})
			at = e.At
		}
		if e.Resize != nil {
			steps = append(steps, step{Resize: e.Resize})
		} else {
			last := i == len(r.Events)-1
			steps = append(steps, step{Check: &checkStep{Scrollback: last, Name: fmt.Sprintf("%q, offset %d", e.Check, e.At)}})
		}
	}
	return steps
}

// TestXtermStreams plays what real programs wrote to a terminal of ours and to
// @xterm/headless and compares every cell, at every moment at which the program
// waited for a key.
func TestXtermStreams(t *testing.T) {
	o := newOracle(t)
	streams, played, used := recordedStreams(t), 0, make(map[known]bool)
	for _, r := range streams {
		t.Run(r.Name, func(t *testing.T) {
			played++
			steps := r.steps()
			want, err := o.ask(steps)
			if err != nil {
				t.Fatalf("asking the oracle: %v", err)
			}
			got := run(steps)
			i := 0
			for _, s := range steps {
				if s.Check == nil {
					continue
				}
				ds := unknown(r.Name, diff(want[i], got[i]), used)
				if len(ds) > 0 {
					t.Errorf("%s: at %s:%s", r.Name, s.Check.Name, report(ds, want[i], got[i]))
					return // what follows is a consequence, most of the time
				}
				i++
			}
		})
	}
	if played < len(streams) || t.Failed() {
		return // with -run not all of them are met
	}
	for _, k := range knownDifferences {
		if !used[k] {
			t.Errorf("no difference in %q of %s any more; this is no longer so: %s", k.what, k.streams, k.why)
		}
	}
}
