package vt_test

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
)

// Programs ask their terminal questions and wait for the answers.
func ExampleOptions_reply() {
	t := vt.New(80, 24, vt.Options{Version: "example(1.0)", Reply: func(b []byte) { fmt.Printf("%q\n", b) }})
	t.Write([]byte("hello"))
	t.Write([]byte("\x1b[6n"))     // where is the cursor?
	t.Write([]byte("\x1b[>q"))     // what are you?
	t.Write([]byte("\x1b[?2026$")) // half a question changes nothing
	t.Write([]byte("p"))           // do you know synchronised output?
	// Output:
	// "\x1b[1;6R"
	// "\x1bP>|example(1.0)\x1b\\"
	// "\x1b[?2026;2$y"
}

func ExampleOptions_notify() {
	t := vt.New(80, 24, vt.Options{Notify: func(e vt.Event) {
		switch e.Kind {
		case vt.TitleEvent:
			fmt.Println("title", e.Text)
		case vt.BellEvent:
			fmt.Println("bell")
		case vt.PromptEvent:
			if e.Mark == vt.CommandDone && e.Known {
				fmt.Println("a command ended with", e.Exit)
			}
		}
	}})
	t.Write([]byte("\x1b]0;make\a\x1b]133;C\x1b\\...\a\x1b]133;D;2\x1b\\"))
	// Output:
	// title make
	// bell
	// a command ended with 2
}

// Lines that were wrapped are wrapped anew when the width changes.
func ExampleTerminal_Resize() {
	t := vt.New(8, 3, vt.Options{})
	t.Write([]byte("one long line"))
	fmt.Printf("%q %q\n", t.LineText(0), t.LineText(1))
	t.Resize(20, 3)
	fmt.Printf("%q %q\n", t.LineText(0), t.LineText(1))
	// Output:
	// "one long" " line"
	// "one long line" ""
}

// A dump brings another terminal into the same state, in the middle of a
// sequence too.
func ExampleTerminal_Dump() {
	a := vt.New(20, 2, vt.Options{})
	a.Write([]byte("\x1b[?1h\x1b[4mab\x1b[3"))
	b := vt.New(20, 2, vt.Options{})
	b.Write(a.Dump())
	for _, t := range []*vt.Terminal{a, b} {
		t.Write([]byte("1mc"))
		c := t.Snapshot(false).Lines[0].Cells[2]
		fg, _ := c.Style.Fg.Index()
		fmt.Printf("%q %v fg %d, underlined %v\n", t.LineText(0), t.Modes().AppCursor, fg, c.Style.Underline != 0)
	}
	// Output:
	// "abc" true fg 1, underlined true
	// "abc" true fg 1, underlined true
}
