package animate

import (
	"bytes"
	"image"
	"testing"
	"time"
)

// One minute of an editor of 80 by 24 with 30 updates in a second.
func BenchmarkMinute(b *testing.B) {
	r := editor(60)
	var out bytes.Buffer
	for _, c := range []struct {
		name string
		make func() error
	}{
		{"SVG", func() error { return SVG(&out, r.h, r.all(), Options{}) }},
		{"GIF", func() error { return GIF(&out, r.h, r.all(), Options{}) }},
		{"HTML", func() error { return HTML(&out, r.h, r.all(), Options{}) }},
		{"Frames", func() error {
			_, err := Frames(r.h, r.all(), Options{}, func(int, time.Duration, *image.RGBA) error { return nil })
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				out.Reset()
				if err := c.make(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len())/1e6, "MB/picture")
		})
	}
}
