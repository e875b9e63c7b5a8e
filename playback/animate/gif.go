package animate

import (
	"fmt"
	"image"
	"io"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt/render"
)

// gifShades is how many steps there are from the ground to a letter's colour: as
// many as let all 16 colours and their steps be in one table.
const gifShades = 8

// maxGIFRate is the rate up to which viewers keep to the times of a file; what is
// shorter than two hundredths of a second they show for ten.
const maxGIFRate = 50

// GIF writes a moving picture of at most 65535 by 65535 pixels and 64 Mi in all. A
// picture of it is the rectangle that has changed, in which pixels that stay as
// they are take next to nothing. Times are in hundredths of a second and do not
// drift. Where more than 255 colours change at once, which only true colours or letters
// on many backgrounds come to, those that are most alike become one.
//
// Errors are those of events, of w, of fonts that cannot be read and of options
// that are not possible.
func GIF(w io.Writer, h cast.Header, events cast.Events, o Options) error {
	if err := o.fill(h, events, w != nil); err != nil {
		return fmt.Errorf("drawing a gif: %w", err)
	}
	o.FPS = min(o.FPS, maxGIFRate)
	if o.Draw.Shades == 0 {
		o.Draw.Shades = gifShades
	}
	r, err := load(h, events, o)
	if err != nil {
		return fmt.Errorf("drawing a gif: %w", err)
	}
	film, err := render.NewFilm(r.cols, r.rows, o.Title, o.Draw)
	if err != nil {
		return fmt.Errorf("drawing a gif: %w", err)
	}
	size := film.Image().Rect.Size()
	if size.X > 0xffff || size.Y > 0xffff {
		return fmt.Errorf("drawing a gif: a picture of %d x %d pixels is not possible, the most is 65535 x 65535: choose a smaller font", size.X, size.Y)
	}
	e := newGIFWriter(w, size, newGIFColors(&r.colors.base, o.Draw.Shades))
	e.begin(!o.Once)
	for f := range r.frames() {
		at := film.Draw(f.screen)
		if e.drawn == nil {
			at = image.Rectangle{Max: size}
		}
		e.frame(f.at, film.Image(), at)
		if e.err != nil {
			break
		}
	}
	e.end(r.end)
	if e.err != nil {
		return fmt.Errorf("writing gif: %w", e.err)
	}
	return nil
}
