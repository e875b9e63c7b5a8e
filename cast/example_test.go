package cast_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// The character that was cut is whole in the recording.
func Example() {
	c, err := cast.NewWriter(os.Stdout, cast.V2, cast.Header{Width: 80, Height: 24, Title: "a greeting"})
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Output(100*time.Millisecond, []byte("$ gr\xc3"))
	c.Output(250*time.Millisecond, []byte("\xbc\xc3\x9fe\r\n"))
	c.Marker(time.Second, "greeted")
	c.Exit(1500*time.Millisecond, 0)
	if err := c.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"version":2,"width":80,"height":24,"title":"a greeting"}
	// [0.1, "o", "$ gr"]
	// [0.25, "o", "üße\r\n"]
	// [1.0, "m", "greeted"]
	// [1.5, "x", "0"]
}

// A recording of any format becomes lines of text.
func ExampleNewReader() {
	r, err := cast.NewReader(strings.NewReader(`{"version":3,"term":{"cols":80,"rows":24},"title":"a greeting"}
[0.100, "o", "$ "]
[1.000, "o", "gr\u00fc\u00dfe\r\n"]
# the end
[0.500, "x", "0"]
`), cast.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := r.Header()
	cols, rows := h.Size()
	fmt.Println(r.Format(), h.Title, cols, rows)
	for e, err := range r.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch e.Code {
		case cast.Exit:
			fmt.Println(e.Time, "ended with", e.Status)
		default:
			fmt.Printf("%v %s %q\n", e.Time, e.Code, e.Data)
		}
	}
	// Output:
	// v3 a greeting 80 24
	// 100ms o "$ "
	// 1.1s o "grüße\r\n"
	// 1.1s # " the end"
	// 1.6s ended with 0
}

// Convert a recording, of any format, to version 3.
func ExampleOpen() {
	r, err := cast.Open("testdata/full-v1.json", cast.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	w, err := cast.NewWriter(os.Stdout, cast.V3, r.Header())
	if err != nil {
		fmt.Println(err)
		return
	}
	w.SetExact(true)
	for e, err := range r.All() {
		if err == nil {
			err = w.Write(e)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"version":3,"term":{"cols":100,"rows":50,"type":"xterm-256color"},"command":"/bin/bash","title":"the whole format","env":{"SHELL":"/bin/bash","TERM":"xterm-256color"}}
	// [0.000, "o", "ż"]
	// [1.000, "o", "ółć"]
	// [10.500, "o", "\r\n"]
}

// A file for a recording, of mode 0600; it is refused if it is there already.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "cast")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "demo.cast")
	for _, append := range []bool{false, true} {
		w, err := cast.Create(path, cast.V3, cast.Header{Width: 80, Height: 24}, cast.CreateOptions{Append: append})
		if err != nil {
			fmt.Println(err)
			return
		}
		w.Output(time.Second, []byte("hello\r\n"))
		if err := w.Close(); err != nil {
			fmt.Println(err)
		}
	}
	b, _ := os.ReadFile(path)
	fmt.Printf("%s", b)
	// Output:
	// {"version":3,"term":{"cols":80,"rows":24}}
	// [1.000, "o", "hello\r\n"]
	// [0.000, "r", "80x24"]
	// [1.000, "o", "hello\r\n"]
}
