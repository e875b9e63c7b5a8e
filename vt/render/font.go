package render

import (
	"fmt"
	"sync"
	"unicode"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// builtIn returns Go Mono (Bigelow & Holmes for the Go project, BSD licence), each
// style read when it is first needed.
var builtIn = [4]func() (*sfnt.Font, error){
	onceFont(&gomono.TTF), onceFont(&gomonobold.TTF), onceFont(&gomonoitalic.TTF), onceFont(&gomonobolditalic.TTF),
}

// onceFont takes the address: the packages set their variables when they are
// initialised, which is before this one is, but the slice need not be copied.
func onceFont(data *[]byte) func() (*sfnt.Font, error) {
	return sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(*data) })
}

// fontSet finds glyphs for one picture. It is not for several goroutines.
type fontSet struct {
	size  fixed.Int26_6
	more  []*sfnt.Font
	buf   sfnt.Buffer
	cache map[glyphKey]*glyph
}

type glyphKey struct {
	r     rune
	style int // 1 bold, 2 italic
}

// glyph is the outline of a character, its origin at 0, 0; y grows downwards.
type glyph struct {
	segments sfnt.Segments
	advance  float64
	own      bool // from the built-in font, made for cells of this width
}

func newFontSet(files [][]byte, size float64) (*fontSet, error) {
	f := &fontSet{size: fixed.Int26_6(size*64 + .5), cache: map[glyphKey]*glyph{}}
	for i, data := range files {
		all, err := sfnt.ParseCollection(data)
		if err != nil {
			return nil, fmt.Errorf("reading font %d of %d: %w: give TTF, OTF, TTC or OTC files", i+1, len(files), err)
		}
		for j := range all.NumFonts() {
			one, err := all.Font(j)
			if err != nil {
				return nil, fmt.Errorf("reading font %d of %d: %w", i+1, len(files), err)
			}
			f.more = append(f.more, one)
		}
	}
	return f, nil
}

// find returns the glyph of r, nil if no font has it.
func (f *fontSet) find(r rune, bold, italic bool) (*glyph, error) {
	key := glyphKey{r: r}
	if bold {
		key.style |= 1
	}
	if italic {
		key.style |= 2
	}
	if g, ok := f.cache[key]; ok {
		return g, nil
	}
	own, err := builtIn[key.style]()
	if err != nil {
		return nil, fmt.Errorf("reading the built-in font: %w", err)
	}
	g := f.load(own, r)
	if g != nil {
		g.own = true
	}
	for _, other := range f.more {
		if g != nil {
			break
		}
		g = f.load(other, r)
	}
	f.cache[key] = g
	return g, nil
}

// load returns nil also for a glyph that cannot be read or is no outline (a bitmap,
// as those of colour emoji): the next font may have a better one.
func (f *fontSet) load(from *sfnt.Font, r rune) *glyph {
	i, err := from.GlyphIndex(&f.buf, r)
	if err != nil || i == 0 {
		return nil
	}
	segments, err := from.LoadGlyph(&f.buf, i, f.size, nil)
	if err != nil || len(segments) == 0 && unicode.IsGraphic(r) && !unicode.IsSpace(r) {
		return nil
	}
	advance, err := from.GlyphAdvance(&f.buf, i, f.size, 0)
	if err != nil {
		return nil
	}
	// The segments are the buffer's, which the next glyph overwrites.
	return &glyph{segments: append(sfnt.Segments(nil), segments...), advance: float64(advance) / 64}
}
