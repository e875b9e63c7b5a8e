package vt_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/vt"
)

// TestRecordedCuts plays what real programs wrote in pieces that begin and end
// anywhere: the terminal has to come out the same.
func TestRecordedCuts(t *testing.T) {
	for _, r := range recordedStreams(t) {
		whole, cut := vt.New(r.Cols, r.Rows, vt.Options{}), vt.New(r.Cols, r.Rows, vt.Options{})
		for _, s := range r.steps() {
			switch {
			case s.Write != nil:
				whole.Write(s.Write)
				for p := s.Write; len(p) > 0; {
					n := min(len(p), 1+rand.IntN(9))
					cut.Write(p[:n])
					p = p[n:]
				}
			case s.Resize != nil:
				whole.Resize(s.Resize[0], s.Resize[1])
				cut.Resize(s.Resize[0], s.Resize[1])
			}
		}
		if w, c := whole.Snapshot(true), cut.Snapshot(true); !reflect.DeepEqual(w, c) {
			t.Errorf("%s: differs when written in pieces (-whole +pieces):\n%s", r.Name, cmp.Diff(w, c))
		}
	}
}

// TestRecordedDumps takes a dump at some of the moments at which a real program
// waited, and gives it to a fresh terminal, which has to look the same.
func TestRecordedDumps(t *testing.T) {
	for _, r := range recordedStreams(t) {
		first := vt.New(r.Cols, r.Rows, vt.Options{})
		for i, s := range r.steps() {
			switch {
			case s.Write != nil:
				first.Write(s.Write)
			case s.Resize != nil:
				first.Resize(s.Resize[0], s.Resize[1])
			case i%5 == 0 || s.Check.Scrollback:
				f := first.Snapshot(true)
				second := vt.New(f.Cols, f.Rows, vt.Options{})
				second.Write(first.Dump())
				if s2 := second.Snapshot(true); !reflect.DeepEqual(f, s2) {
					t.Fatalf("%s, at %s: a fresh terminal that was given the dump differs (-first +second):\n%s", r.Name, s.Check.Name, cmp.Diff(f, s2))
				}
			}
		}
	}
}
