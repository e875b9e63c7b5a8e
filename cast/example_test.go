package cast_test

import (
	"fmt"
	"os"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// The character that was cut is whole in the recording.
func Example() {
	c, err := cast.NewWriter(os.Stdout, cast.Header{Width: 80, Height: 24, Title: "a greeting"})
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
