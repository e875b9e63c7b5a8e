package playback_test

import (
	"fmt"
	"regexp"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// build is a recording of two commands; cast.Open gives one of a file.
func build() playback.Source {
	return playback.FromEvents(cast.Header{Width: 40, Height: 5}, []cast.Event{
		{Time: 0, Code: cast.Output, Data: []byte("$ make\r\n")},
		{Time: 2 * time.Second, Code: cast.Output, Data: []byte("\x1b[31merr\x1b[1mor\x1b[m: no rule\r\n$ ")},
		{Time: 5 * time.Second, Code: cast.Output, Data: []byte("\x1b[2J\x1b[H$ make all\r\nok\r\n$ ")},
		{Time: 9 * time.Second, Code: cast.Exit},
	})
}

// When was there an error on the screen?
func ExampleSearch() {
	for m, err := range playback.Search(build(), regexp.MustCompile(`error: .*`), playback.SearchOptions{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("from %v to %v: %s\n", m.From, m.Until, m.Text)
	}
	// Output: from 2s to 5s: error: no rule
}

// What was on the screen at a time, in any order.
func ExampleScreen_At() {
	s := playback.NewScreen(build(), &playback.Index{})
	for _, t := range []time.Duration{6 * time.Second, 3 * time.Second} {
		term, err := s.At(t)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %s | %s\n", t, term.LineText(0), term.LineText(1))
	}
	// Output:
	// 6s: $ make all | ok
	// 3s: $ make | error: no rule
}
