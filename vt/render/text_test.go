package render

import (
	"math"
	"testing"

	"github.com/sluicerun/sluice/vt"
)

func TestText(t *testing.T) {
	wrapped := screenOf(5, "abcde", "fg", "", "x")
	wrapped.Lines[0].Wrapped = true
	wide := screenOf(5, "abcd", "漢字", "")
	wide.Lines[0].Wrapped = true
	scrolled := screenOf(4, "now", "")
	scrolled.Scrollback = []vt.Line{screenOf(9, "long ago").Lines[0], screenOf(2, "ab").Lines[0]}
	scrolled.Scrollback[1].Wrapped = true
	odd := screenOf(4, "a\x1b\u009bc", "")
	odd.Lines[1].Cells = []vt.Cell{{Text: "漢", Width: 2}, {Text: "b", Width: 1}, {Width: 0}, {Text: "字", Width: 2}}
	odd.Lines = append(odd.Lines, vt.Line{}, vt.Line{Cells: []vt.Cell{{Text: "\xff", Width: 9}}})
	for _, c := range []struct {
		name string
		s    *vt.Snapshot
		o    Options
		want string
	}{
		{"nothing", &vt.Snapshot{}, Options{}, ""},
		{"blank", screenOf(3, "", ""), Options{}, ""},
		{"blank kept", screenOf(3, "", "a"), Options{KeepBlanks: true}, "   \na  \n"},
		{"blanks at the ends", screenOf(6, " a  ", "", "b c   ", "", ""), Options{}, " a\n\nb c\n"},
		{"wrapped", wrapped, Options{}, "abcde\nfg\n\nx\n"},
		{"joined", wrapped, Options{Join: true}, "abcdefg\n\nx\n"},
		{"joined and kept", wrapped, Options{Join: true, KeepBlanks: true}, "abcdefg   \n     \nx    \n"},
		{"wide did not fit", wide, Options{Join: true}, "abcd漢字\n"},
		{"scrollback", scrolled, Options{Scrollback: true}, "long ago\nab\nnow\n"},
		{"no scrollback", scrolled, Options{}, "now\n"},
		{"region", screenOf(4, "abcd", "efgh", "ijkl"), Options{Region: Region{1, 1, 1, 2}}, "fg\n"},
		{"region to the edge", screenOf(4, "abcd", "efgh", "ijkl"), Options{Region: Region{Row: 1, Col: 2}}, "gh\nkl\n"},
		{"region outside", screenOf(4, "abcd"), Options{Region: Region{Row: 5, Col: 9, Rows: math.MaxInt, Cols: math.MaxInt}}, ""},
		{"region before", screenOf(4, "abcd"), Options{Region: Region{Row: -5, Col: -9, Rows: 1, Cols: 2}}, "ab\n"},
		{"half of wide", screenOf(6, "漢字漢"), Options{Region: Region{Col: 1, Cols: 4}}, " 字\n"},
		{"not from a terminal", odd, Options{}, "a\ufffd\ufffdc\n b\n\n\ufffd\n"},
	} {
		if got := Text(c.s, c.o); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
