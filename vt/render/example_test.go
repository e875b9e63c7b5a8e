package render_test

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// line makes a line of a screen from plain text.
func line(text string) vt.Line {
	var l vt.Line
	for _, r := range text {
		l.Cells = append(l.Cells, vt.Cell{Text: string(r), Width: 1})
	}
	return l
}

func ExampleDiff() {
	want := &vt.Snapshot{Cols: 8, Rows: 2, Lines: []vt.Line{line("3 passed"), line("0 failed")}}
	got := &vt.Snapshot{Cols: 8, Rows: 2, Lines: []vt.Line{line("2 passed"), line("1 failed")}}
	fmt.Print(render.Diff(want, got, render.Options{}))
	// Output:
	// 2 cells differ in 2 rows
	//     want     | got
	// 0 ! 3 passed | 2 passed
	//     ^        | ^
	// 1 ! 0 failed | 1 failed
	//     ^        | ^
}

func ExampleText() {
	s := &vt.Snapshot{Cols: 8, Rows: 2, Lines: []vt.Line{line("make    "), line("done    ")}}
	s.Lines[0].Wrapped = true
	fmt.Print(render.Text(s, render.Options{}))
	// Output:
	// make
	// done
}
