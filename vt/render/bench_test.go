package render

import (
	"io"
	"testing"

	"github.com/sluicerun/sluice/vt"
)

// The screen has 64 columns and 25 lines and nearly every kind of character.
func BenchmarkRender(b *testing.B) {
	s := everything()
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"Text", func() error { _ = Text(s, Options{}); return nil }},
		{"ANSI", func() error { _ = ANSI(s, Options{}); return nil }},
		{"Hash", func() error { _ = Hash(s); return nil }},
		{"Diff", func() error { _ = Diff(s, s, Options{}); return nil }},
		{"JSON", func() error { _, err := JSON(s, Options{}); return err }},
		{"HTML", func() error { return HTML(io.Discard, s, Options{}) }},
		{"SVG", func() error { return SVG(io.Discard, s, Options{}) }},
		{"Image", func() error { _, err := Image(s, Options{}); return err }},
		{"PNG", func() error { return PNG(io.Discard, s, Options{}) }},
		{"PNG2x", func() error { return PNG(io.Discard, s, Options{Scale: 2}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseJSON(b *testing.B) {
	j, err := JSON(everything(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(j)))
	var s *vt.Snapshot
	for b.Loop() {
		if s, err = ParseJSON(j); err != nil {
			b.Fatal(err)
		}
	}
	_ = s
}
