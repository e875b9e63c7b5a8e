package keys_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/vt"
)

func ExampleParseAll() {
	ks, err := keys.ParseAll([]string{"C-x", "<Esc>", "Down*2", "Ctrl+Shift+F5"})
	fmt.Println(ks, err)
	_, err = keys.ParseAll([]string{"Escape : w q Entr"})
	fmt.Println(err)
	// Output:
	// [Ctrl+X Escape Down Down Ctrl+Shift+F5] <nil>
	// unknown key "Entr": did you mean Enter?
	//   Escape : w q Entr
	//                ^
	//   hint: to type the text "Entr", use type
}

func ExampleKey_Encode() {
	up, _ := keys.Parse("Up")
	chord, _ := keys.Parse("Ctrl+Enter")
	for _, m := range []vt.Modes{{}, {AppCursor: true}, {Kitty: vt.KittyDisambiguate}} {
		a, _ := up.Encode(m)
		b, err := chord.Encode(m)
		fmt.Printf("%q %q %v\n", a, b, err != nil)
	}
	// Output:
	// "\x1b[A" "" true
	// "\x1bOA" "" true
	// "\x1b[A" "\x1b[13;5u" false
}

func ExampleSplitter() {
	var s keys.Splitter
	for _, part := range []string{"h\xc3", "\xa9\x1b[1;", "5A", "\x1b"} {
		for _, u := range s.Feed([]byte(part)) {
			fmt.Printf("%v %q\n", u.Kind, u.Bytes)
		}
	}
	// 25 ms later the last byte is the key.
	for _, u := range s.Flush() {
		k, _ := keys.Decode(u.Bytes, vt.Modes{})
		fmt.Println(k)
	}
	// Output:
	// text "h"
	// text "é"
	// sequence "\x1b[1;5A"
	// Escape
}

func ExampleKeymap() {
	m, err := keys.ParseKeymap(strings.NewReader(`
j k -> Escape
F5  -> "make\r"
F6  -> !notify-send hi
`), "my.keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	var s keys.Splitter
	for _, a := range m.New().Feed(s.Feed([]byte("ajk\x1b[15~\x1b[17~")), time.Now()) {
		fmt.Printf("%q %v %q\n", a.Bytes, a.Keys, a.Command)
	}
	// Output:
	// "a" [] ""
	// "" [Escape] ""
	// "make\r" [] ""
	// "" [] "notify-send hi"
}
