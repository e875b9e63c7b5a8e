package render

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"github.com/sluicerun/sluice/vt"
)

// maxPixels bounds a picture, which takes four bytes for each while it is drawn.
const maxPixels = 64 << 20

// PNG writes the screen as pixels. Letters come from Go Mono, which is built in,
// and from [Options.Fonts]; a character that no font has is a box with its number
// in it, so that it is seen which one it was. Lines and blocks are whole pixels.
// With [Options.Frame], the corners are transparent.
//
// It fails if a font cannot be read, if the picture has more than 64 Mi pixels,
// and if w fails.
func PNG(w io.Writer, s *vt.Snapshot, o Options) error {
	img, err := Image(s, o)
	if err != nil {
		return err
	}
	if err := png.Encode(w, img); err != nil {
		return fmt.Errorf("writing png: %w", err)
	}
	return nil
}

// Image draws what [PNG] writes.
func Image(s *vt.Snapshot, o Options) (*image.RGBA, error) {
	v := newView(s, o)
	c, err := newPixels(v.cols, len(v.lines), o)
	if err != nil {
		return nil, err
	}
	p := newPainter(s, v, o)
	c.ground(v.title, p)
	picture(c, v, p, c.l)
	return c.img, nil
}

// newPixels makes an empty picture for so many cells.
func newPixels(cols, rows int, o Options) (*pixels, error) {
	scale := o.Scale
	if scale <= 0 {
		scale = 1
	}
	l := newLayout(cols, rows, o, scale, true)
	// Not a product of floats turned into ints first: it might not fit.
	if l.width < 1 || l.height < 1 || math.IsNaN(l.width*l.height) || l.width*l.height > maxPixels {
		return nil, fmt.Errorf("drawing %d lines of %d columns: a picture of %.0f x %.0f pixels is not possible, "+
			"the most is %d in all: choose a region, a smaller font or a smaller scale", rows, cols, l.width, l.height, maxPixels)
	}
	fonts, err := newFontSet(o.Fonts, l.size)
	if err != nil {
		return nil, err
	}
	return &pixels{img: image.NewRGBA(image.Rect(0, 0, int(l.width), int(l.height))), l: l, fonts: fonts, pen: pen{steps: o.Shades}}, nil
}

// ground draws what is there without any cell.
func (c *pixels) ground(title string, p *painter) {
	if c.l.framed {
		c.window(title, p)
	} else {
		c.rect(0, 0, c.l.width, c.l.height, p.background())
	}
}

// pixels is the canvas of a PNG.
type pixels struct {
	img   *image.RGBA
	l     layout
	fonts *fontSet
	pen   pen
	masks map[maskKey]*mask
	inked int // see keptInk
}

func (c *pixels) begin(string) {}
func (c *pixels) end()         {}

func (c *pixels) fill(at place, color rgb) { c.rect(at.x, at.y, at.x+at.w, at.y+at.h, color) }

// rect fills whole pixels.
func (c *pixels) rect(x0, y0, x1, y1 float64, k rgb) {
	r := image.Rect(int(x0), int(y0), int(x1), int(y1)).Intersect(c.img.Rect)
	if r.Empty() {
		return
	}
	row := c.img.Pix[c.img.PixOffset(r.Min.X, r.Min.Y):][:4*r.Dx()]
	px := color.RGBA{uint8(k >> 16), uint8(k >> 8), uint8(k), 0xff}
	for i := 0; i < len(row); i += 4 {
		row[i], row[i+1], row[i+2], row[i+3] = px.R, px.G, px.B, px.A
	}
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(c.img.Pix[c.img.PixOffset(r.Min.X, y):], row)
	}
}

func (c *pixels) shape(at place, s shape, color rgb) {
	switch s.kind {
	case boxShape:
		x0, y0 := at.edge(s.a)
		x1, y1 := at.edge(s.b)
		// In a very small cell a part may come to nothing; show a pixel of it.
		c.rect(x0, y0, max(x1, x0+1), max(y1, y0+1), color)
	case areaShape:
		c.pen.fill(c.img, outline(at, s.path), color)
	case lineShape:
		c.pen.fill(c.img, widen(outline(at, s.path), at.stroke), color)
	case dotShape:
		c.dot(at, s, color)
	}
}

// dot draws a square where there are too few pixels for a circle; in both cases
// all dots look the same, because they begin at whole pixels.
func (c *pixels) dot(at place, s shape, color rgb) {
	size := math.Round(2 * at.dot())
	x, y := at.x+s.a.x.part*at.w, at.y+s.a.y.part*at.h
	x, y = math.Floor(x-size/2+.5), math.Floor(y-size/2+.5)
	if size < 4 {
		c.rect(x, y, x+max(size, 1), y+max(size, 1), color)
		return
	}
	c.pen.fill(c.img, circle(x+size/2, y+size/2, size/2), color)
}

// window draws the frame: the line around it as a larger rounded rectangle under
// that of the background.
func (c *pixels) window(name string, p *painter) {
	l := c.l
	bar, edge, title := p.windowColors()
	e := l.edge
	c.pen.fill(c.img, rounded(0, 0, l.width, l.height, l.round), edge)
	inner := rounded(e, e, l.width-e, l.height-e, l.round-e)
	c.pen.fill(c.img, inner, bar)
	c.pen.fill(c.img, cutTop(inner, l.bar), p.background())
	for i, color := range windowDots {
		c.pen.fill(c.img, circle(l.dotX+float64(i)*3*l.dotR, l.bar/2, l.dotR), color)
	}
	c.title(l.fitTitle(name), title)
}
