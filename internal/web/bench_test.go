package web

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/web/alis"
)

// What a session pays for being watched: its emulator, and a queue for each viewer.
func BenchmarkFeed(b *testing.B) {
	for _, viewers := range []int{0, 1, 10, 100} {
		b.Run(fmt.Sprintf("viewers=%d", viewers), func(b *testing.B) {
			h := newHub(cast.Header{}, false)
			done := make(chan struct{})
			for range viewers {
				v := h.join(true)
				go func() {
					var enc alis.Encoder
					var buf []byte
					for {
						e, err := v.next(context.Background())
						if err == io.EOF {
							done <- struct{}{}
							return
						}
						buf = enc.Append(buf[:0], e)
					}
				}()
			}
			data := []byte(strings.Repeat("a line of output, \x1b[32mgreen\x1b[m\r\n", 120))
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				h.feed(cast.Event{Code: cast.Output, Data: data})
			}
			b.StopTimer()
			h.end()
			for range viewers {
				<-done
			}
		})
	}
}

// What a viewer costs that comes late, or is skipped forward.
func BenchmarkScreen(b *testing.B) {
	h := newHub(cast.Header{Width: 200, Height: 50}, false)
	for i := range 1000 {
		h.feed(cast.Event{Code: cast.Output, Data: fmt.Appendf(nil, "\x1b[3%dm%d\x1b[m %s\r\n", i%8, i, strings.Repeat("text ", 30))})
	}
	n := 0
	for b.Loop() {
		n = len(h.screen().Text)
	}
	b.ReportMetric(float64(n), "bytes")
}
