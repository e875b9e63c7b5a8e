package vt

import (
	"fmt"
	"strings"
	"testing"
)

// The streams of the benchmarks. bench/vt feeds the same kinds to other emulators.

// benchPlain is a log of lines of 80 bytes.
func benchPlain() []byte {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "%-78.78s\r\n", fmt.Sprintf("2026-01-02T03:04:05Z step %d loss 0.%06d throughput 123456 tokens/s on 8 devices, all good", i, i*7919%1000000))
	}
	return []byte(b.String())
}

// benchColour is a log as loggers colour it.
func benchColour() []byte {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "\x1b[2m2026-01-02T03:04:05Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1;34mtrain::step\x1b[0m: step \x1b[33m%d\x1b[0m loss 0.%06d\r\n", i, i*7919%1000000)
	}
	return []byte(b.String())
}

// benchEditor draws the whole screen as an editor does, again and again.
func benchEditor() []byte {
	var b strings.Builder
	for n := range 50 {
		b.WriteString("\x1b[?25l\x1b[H")
		for y := range 23 {
			fmt.Fprintf(&b, "\x1b[%d;1H\x1b[33m%4d \x1b[m\x1b[35mfunc\x1b[m (t *Terminal) \x1b[34mname%d\x1b[m(x \x1b[32mint\x1b[m) { \x1b[35mreturn\x1b[m x + \x1b[31m%d\x1b[m }\x1b[K", y+1, n+y, n*y, n)
		}
		fmt.Fprintf(&b, "\x1b[24;1H\x1b[7m file.go [+] %60d,1 Top \x1b[m\x1b[%d;%dH\x1b[?25h", n, n%23+1, n%70+1)
	}
	return []byte(b.String())
}

// benchUnicode is text beyond ASCII: CJK, accents, emoji.
func benchUnicode() []byte {
	return []byte(strings.Repeat("日本語のテキストと漢字が続く。Ünïcödé e\u0301 ─── 👩‍🚀 🇩🇪 ok\r\n", 1000))
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name string
		in   []byte
	}{{"plain", benchPlain()}, {"colour", benchColour()}, {"editor", benchEditor()}, {"unicode", benchUnicode()}} {
		b.Run(c.name, func(b *testing.B) {
			v := New(80, 24, Options{})
			b.SetBytes(int64(len(c.in)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := c.in; len(rest) > 0; { // as reads of a pty come
					n := min(len(rest), 4096)
					v.Write(rest[:n])
					rest = rest[n:]
				}
			}
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	v := New(80, 24, Options{})
	v.Write(benchColour())
	b.ReportAllocs()
	for b.Loop() {
		v.Snapshot(false)
	}
}

func BenchmarkDump(b *testing.B) {
	v := New(80, 24, Options{})
	v.Write(benchColour())
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(v.Dump())))
	}
}

// BenchmarkResize changes the width with a full scrollback of lines that fit.
func BenchmarkResize(b *testing.B) {
	v := New(100, 24, Options{})
	for v.ScrollbackLines() < 100000 {
		v.Write(benchPlain())
	}
	b.ReportMetric(float64(v.ScrollbackLines()), "lines")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v.Resize(100+i%2, 24)
	}
}
