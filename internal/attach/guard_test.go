//go:build linux || darwin

package attach

import (
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/pty"
)

// The guard's start is what a client waits for before the terminal is raw; its
// end is what the user waits for in the end.
func BenchmarkGuard(b *testing.B) {
	m, slave, err := pty.Open(pty.OpenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	defer slave.Close()
	saved, err := pty.Save(slave)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			g, err := startGuard(slave)
			if err != nil {
				b.Fatal(err)
			}
			g.arm(saved)
			b.StopTimer()
			g.disarm()
			g.end()
			b.StartTimer()
		}
	})
	b.Run("end", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			g, err := startGuard(slave)
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			g.end()
		}
	})
}

// What the scan costs for each byte that is shown.
func BenchmarkScan(b *testing.B) {
	for name, text := range map[string]string{
		"text":    strings.Repeat("the quick brown fox jumps over the lazy dog\r\n", 1000),
		"colours": strings.Repeat("\x1b[38;5;33mthe quick\x1b[0m brown \x1b[1mfox\x1b[m\r\n", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var s scan
			for b.Loop() {
				s.feed([]byte(text))
			}
		})
	}
}
