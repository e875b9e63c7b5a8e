package vt_test

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
)

func Example() {
	t := vt.New(20, 3, vt.Options{
		Reply: func(b []byte) { fmt.Printf("answer %q\n", b) },
	})
	fmt.Fprint(t, "\x1b[1;32mok\x1b[m done\r\nwhere am I?\x1b[6n")
	fmt.Print(t.Text(false))

	first := t.Snapshot(false).Lines[0].Cells[0]
	fmt.Println(first.Text, first.Style.Attr == vt.Bold, first.Style.Fg == vt.Indexed(2))
	// Output:
	// answer "\x1b[2;12R"
	// ok done
	// where am I?
	//
	// o true true
}
