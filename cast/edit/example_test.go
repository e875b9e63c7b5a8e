package edit_test

import (
	"fmt"
	"regexp"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit"
)

func recording(yield func(cast.Event, error) bool) {
	for i, s := range []string{"$ make\r\n", "token=abc", "123\r\n", "done\r\n"} {
		if !yield(cast.Event{Time: time.Duration(i) * 4 * time.Second, Code: cast.Output, Data: []byte(s)}, nil) {
			return
		}
	}
}

func ExampleChain() {
	_, ev := edit.Chain(
		edit.Trim(4*time.Second, 0, edit.Keep),
		edit.IdleLimit(time.Second),
		edit.MarkMatches(regexp.MustCompile("done")),
	)(cast.Header{}, recording)
	for e, err := range ev {
		fmt.Printf("%v %s %q %v\n", e.Time, e.Code, e.Data, err)
	}
	// Output:
	// 0s o "$ make\r\n" <nil>
	// 0s o "token=abc" <nil>
	// 1s o "123\r\n" <nil>
	// 2s o "done\r\n" <nil>
	// 2s m "done" <nil>
}

func ExampleRedactor() {
	r, err := edit.NewRedactor([]edit.Rule{{Re: regexp.MustCompile(`token=(?P<secret>\w+)`)}}, edit.RedactOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(list []cast.Event) {
		for _, e := range list {
			fmt.Printf("  %v %q\n", e.Time, e.Data)
		}
	}
	for e := range recording {
		fmt.Printf("%q comes\n", e.Data)
		show(r.Feed(e))
	}
	show(r.Flush())
	// Output:
	// "$ make\r\n" comes
	//   0s "$ make\r\n"
	// "token=abc" comes
	// "123\r\n" comes
	//   4s "token=***"
	//   8s "***\r\n"
	// "done\r\n" comes
	//   12s "done\r\n"
}
