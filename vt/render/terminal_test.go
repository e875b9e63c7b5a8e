package render

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

// A terminal that reads what ANSI wrote shows the same screen.
func TestANSIOnTerminal(t *testing.T) {
	show := func(t failer, s *vt.Snapshot) *vt.Snapshot {
		term := vt.New(s.Cols, s.Rows, vt.Options{})
		out := bytes.TrimSuffix(ANSI(s, Options{KeepBlanks: true}), []byte("\n"))
		if _, err := term.Write(bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))); err != nil {
			t.Fatalf("%v", err)
		}
		return term.Snapshot(false)
	}
	compare := func(t failer, s *vt.Snapshot) {
		t.Helper()
		got := show(t, s)
		for y, l := range newView(s, Options{}).lines {
			for x, c := range l.Cells {
				if diff := cmp.Diff(visible(c), visible(mend(pad(got.Lines[y].Cells, got.Cols, false))[x])); diff != "" && c.Width > 0 {
					t.Fatalf("row %d, column %d (- want, + got)\n%s", y, x, diff)
				}
			}
		}
	}
	s := everything()
	compare(t, s)
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		for _, l := range s.Lines {
			for i := range l.Cells {
				if l.Cells[i].Text == "\u200b" {
					l.Cells[i].Text = "" // has no width of its own on a terminal
				}
			}
		}
		compare(t, s)
	})
}
