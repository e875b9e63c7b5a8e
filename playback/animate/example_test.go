package animate_test

import (
	"bytes"
	"fmt"
	"image/gif"
	"log"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/playback/animate"
	"github.com/sluicerun/sluice/vt/render"
)

func ExampleGIF() {
	const recording = `{"version":2,"width":20,"height":3}
[0.5,"o","$ make"]
[8.0,"o","\r\ndone\r\n"]
`
	r, err := cast.NewReader(strings.NewReader(recording), cast.ReadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	dracula, err := render.Theme("dracula")
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := animate.GIF(&b, r.Header(), r.All(), animate.Options{
		IdleLimit: time.Second,
		Draw:      render.Options{Palette: dracula, Frame: true},
	}); err != nil {
		log.Fatal(err)
	}
	g, err := gif.DecodeAll(&b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d x %d, hundredths of a second: %d\n", g.Config.Width, g.Config.Height, g.Delay)
	// Output: 196 x 99, hundredths of a second: [50 100 200]
}
