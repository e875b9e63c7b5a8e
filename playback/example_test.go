package playback_test

import (
	"fmt"
	"regexp"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback"
)

// demo stands for the cast.Reader of a file.
func demo() playback.Source {
	return playback.FromEvents(cast.Header{Width: 20, Height: 3}, []cast.Event{
		{Time: 1 * time.Second, Code: cast.Output, Data: []byte("$ make\r\n")},
		{Time: 4 * time.Second, Code: cast.Output, Data: []byte("error: no rule\r\n")},
		{Time: 9 * time.Second, Code: cast.Output, Data: []byte("\x1b[2J\x1b[H$ ")},
	})
}

func ExampleScreen() {
	s := playback.NewScreen(demo(), &playback.Index{})
	for _, at := range []time.Duration{5 * time.Second, 2 * time.Second} {
		term, err := s.At(at)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %q\n", at, term.Text(false))
	}
	// Output:
	// 5s: "$ make\nerror: no rule\n\n"
	// 2s: "$ make\n\n\n"
}

func ExampleSearch() {
	for m, err := range playback.Search(demo(), regexp.MustCompile("error.*"), playback.SearchOptions{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v to %v, row %d: %s\n", m.From, m.Until, m.Row, m.Text)
	}
	// Output: 4s to 9s, row 1: error: no rule
}

func ExampleTimeline() {
	l := playback.NewTimeline(2*time.Second, 1)
	l.Add(time.Second)
	l.Add(time.Minute)
	fmt.Println(l.Play(time.Minute))
	// Output: 3s
}
