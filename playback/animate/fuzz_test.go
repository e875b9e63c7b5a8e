package animate

import (
	"bytes"
	"image/gif"
	"testing"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt/render"
)

// Whatever a recording says, pictures of it are either refused or well-formed.
func FuzzPictures(f *testing.F) {
	for _, s := range []string{
		`{"version":2,"width":20,"height":4}` + "\n" + `[0.1,"o","a\u001b[31mb\r\n漢字"]` + "\n" + `[0.5,"r","10x6"]` + "\n" + `[700,"o","\u001b[?1049h\u001b[4:3mx"]`,
		`{"version":3,"term":{"cols":9,"rows":3,"theme":{"fg":"#010203","bg":"#ffffff","palette":"#000000:#111111:#222222:#333333:#444444:#555555:#666666:#777777"}}}` + "\n" + `[0.1,"o","\u001b]11;#123\u0007\u001b[7m\u001b[?5hé\u0301⣿─"]` + "\n" + `[1,"x","0"]`,
		`{"version":1,"width":5,"height":2,"stdout":[[0.2,"hello world"],[1e9,"\u001b[?2026h"],[1,"\u001bc"]]}`,
		`{"version":2,"width":0,"height":0}`,
	} {
		f.Add([]byte(s), uint8(30), int64(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, fps uint8, from int64) {
		in, err := cast.NewReader(bytes.NewReader(data), cast.ReadOptions{Lenient: true})
		if err != nil {
			return
		}
		var r recording
		for e, err := range in.All() {
			if err != nil || len(r.events) > 50 {
				break
			}
			if e.Code == cast.Resize && e.Cols*e.Rows > 2000 {
				continue // large screens take long
			}
			e.Data = bytes.Clone(e.Data[:min(len(e.Data), 4096)])
			r.events = append(r.events, e)
		}
		if r.h = in.Header(); r.h.Width*r.h.Height > 2000 {
			r.h.Width, r.h.Height = 40, 10
		}
		o := Options{FPS: int(fps), From: time.Duration(from), Cols: 20, Rows: 6, IdleLimit: 1000 * time.Second, Draw: render.Options{FontSize: 5, Padding: -1}}
		var svg, pixels bytes.Buffer
		err = SVG(&svg, r.h, r.all(), o)
		if errGIF := GIF(&pixels, r.h, r.all(), o); (err == nil) != (errGIF == nil) {
			t.Fatalf("svg: %v, gif: %v", err, errGIF)
		}
		if err != nil {
			return
		}
		parse(t, svg.Bytes())
		if _, err := gif.DecodeAll(&pixels); err != nil {
			t.Fatal(err)
		}
	})
}
