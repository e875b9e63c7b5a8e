package render

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// xy is a place on the picture, in pixels.
type xy struct{ x, y float64 }

// pen fills outlines with smooth edges. It keeps its memory for the next one.
type pen struct {
	r     vector.Rasterizer
	buf   []uint8
	steps int // see mask.step
}

// fill fills a closed polygon; where parts of it overlap they are one.
func (p *pen) fill(img *image.RGBA, poly []xy, color rgb) {
	if len(poly) < 3 {
		return
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, q := range poly {
		x0, y0, x1, y1 = min(x0, q.x), min(y0, q.y), max(x1, q.x), max(y1, q.y)
	}
	at := image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1)))
	if at.Empty() {
		return
	}
	p.r.Reset(at.Dx(), at.Dy())
	local := func(q xy) (float32, float32) {
		return float32(q.x - float64(at.Min.X)), float32(q.y - float64(at.Min.Y))
	}
	p.r.MoveTo(local(poly[0]))
	for _, q := range poly[1:] {
		p.r.LineTo(local(q))
	}
	p.draw(img, at, color)
}

// draw fills what was drawn into the rasterizer, whose upper left corner lies at
// at.
func (p *pen) draw(img *image.RGBA, at image.Rectangle, color rgb) {
	m := mask{at: at, pix: p.cover(at)}
	m.step(p.steps)
	m.lay(img, 0, 0, color)
}

// cover returns how much of each pixel of at is covered by what was drawn into the
// rasterizer; it is valid until the next call.
func (p *pen) cover(at image.Rectangle) []uint8 {
	n := at.Dx() * at.Dy()
	if cap(p.buf) < n {
		p.buf = make([]uint8, n)
	}
	p.buf = p.buf[:n]
	dst := image.Alpha{Pix: p.buf, Stride: at.Dx(), Rect: image.Rectangle{Max: at.Size()}}
	p.r.ClosePath()
	p.r.DrawOp = draw.Src
	p.r.Draw(&dst, dst.Rect, image.Opaque, image.Point{})
	return p.buf
}

// curveSteps is into how many lines a curve is cut; a quarter circle then is off
// by less than 0.002 of its radius.
const curveSteps = 14

// outline turns the path of a shape into points.
func outline(at place, path []step) []xy {
	var out []xy
	for _, s := range path {
		var p [3]xy
		for i := range p {
			p[i].x, p[i].y = at.on(s.p[i])
		}
		if s.op != 'C' {
			out = append(out, p[0])
			continue
		}
		from := out[len(out)-1]
		for i := 1; i <= curveSteps; i++ {
			t := float64(i) / curveSteps
			u := 1 - t
			a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
			out = append(out, xy{
				a*from.x + b*p[0].x + c*p[1].x + d*p[2].x,
				a*from.y + b*p[0].y + c*p[1].y + d*p[2].y,
			})
		}
	}
	return out
}

// widen returns the outline of a line along these points: along one side and back
// along the other.
func widen(line []xy, stroke float64) []xy {
	line = distinct(line)
	if len(line) < 2 {
		return nil
	}
	n := len(line)
	out := make([]xy, 2*n)
	for i, p := range line {
		before, after := line[max(i-1, 0)], line[min(i+1, n-1)]
		ax, ay := unit(p.x-before.x, p.y-before.y)
		bx, by := unit(after.x-p.x, after.y-p.y)
		dx, dy := unit(ax+bx, ay+by)
		// At a corner the sides meet farther out (a mitre), but not without end.
		reach := stroke / 2
		if c := dx*(ax+bx) + dy*(ay+by); i > 0 && i < n-1 && c > .5 {
			reach *= 2 / c
		}
		out[i] = xy{p.x - dy*reach, p.y + dx*reach}
		out[2*n-1-i] = xy{p.x + dy*reach, p.y - dx*reach}
	}
	return out
}

func distinct(line []xy) []xy {
	out := line[:0:0]
	for i, p := range line {
		if i == 0 || math.Hypot(p.x-out[len(out)-1].x, p.y-out[len(out)-1].y) > 1e-6 {
			out = append(out, p)
		}
	}
	return out
}

func unit(x, y float64) (float64, float64) {
	if n := math.Hypot(x, y); n > 0 {
		return x / n, y / n
	}
	return 0, 0
}

func circle(x, y, r float64) []xy {
	n := int(max(24, 4*r))
	out := make([]xy, n)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		out[i] = xy{x + r*cos, y + r*sin}
	}
	return out
}

// rounded is a rectangle with round corners.
func rounded(x0, y0, x1, y1, r float64) []xy {
	var out []xy
	for i, c := range [4]xy{{x1 - r, y1 - r}, {x0 + r, y1 - r}, {x0 + r, y0 + r}, {x1 - r, y0 + r}} {
		for j := range curveSteps + 1 {
			sin, cos := math.Sincos(math.Pi / 2 * (float64(i) + float64(j)/curveSteps))
			out = append(out, xy{c.x + r*cos, c.y + r*sin})
		}
	}
	return out
}

// cutTop cuts off what of a polygon is above y.
func cutTop(poly []xy, y float64) []xy {
	out := make([]xy, len(poly))
	for i, p := range poly {
		out[i] = xy{p.x, max(p.y, y)}
	}
	return out
}
