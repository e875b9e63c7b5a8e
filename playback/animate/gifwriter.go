package animate

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"image"
	"io"
	"math/bits"
	"time"
)

// gifWriter writes a file picture by picture, where image/gif takes them all at
// once: a minute of pixels is half a gigabyte. The format is GIF89a (CompuServe,
// 1990), with Netscape's block for a file that begins anew.
type gifWriter struct {
	gifPixels
	w      io.Writer
	colors *gifColors
	lzw    *lzw.Writer
	// The latest picture waits until it is known how long it stays.
	wait  bytes.Buffer
	since int64 // in hundredths of a second
	err   error
}

func newGIFWriter(w io.Writer, size image.Point, colors *gifColors) *gifWriter {
	return &gifWriter{w: w, gifPixels: gifPixels{size: size}, colors: colors, lzw: lzw.NewWriter(io.Discard, lzw.LSB, 8).(*lzw.Writer)}
}

func (g *gifWriter) write(b []byte) {
	if g.err == nil {
		_, g.err = g.w.Write(b)
	}
}

// begin writes what is before the pictures.
func (g *gifWriter) begin(loop bool) {
	b := append([]byte(nil), "GIF89a"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(g.size.X))
	b = binary.LittleEndian.AppendUint16(b, uint16(g.size.Y))
	n := tableBits(len(g.colors.table))
	b = append(b, 0x80|0x70|uint8(n-1), 1, 0) // a table for all, 8 bits of colour, the background's number
	b = appendTable(b, g.colors.table, n)
	if loop {
		b = append(b, "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"...)
	}
	g.write(b)
}

// tableBits is the logarithm of a table's size in the file.
func tableBits(n int) int { return max(bits.Len(uint(n-1)), 1) }

func appendTable(b []byte, table []uint32, n int) []byte {
	for _, c := range table {
		b = append(b, uint8(c>>16), uint8(c>>8), uint8(c))
	}
	return append(b, make([]byte, 3*(1<<n-len(table)))...)
}

// frame shows from a time on what has changed in a rectangle.
func (g *gifWriter) frame(at time.Duration, img *image.RGBA, in image.Rectangle) {
	if in = g.changed(img, in); in.Empty() {
		return
	}
	first := g.drawn == nil
	g.read(img, in)
	now := hundredths(at)
	if !first {
		g.flush(now - g.since)
	}
	g.since = now
	places, table := g.colors.choose(g.used, g.count)
	g.picture(in, g.numbers(places), table)
}

func hundredths(t time.Duration) int64 {
	return int64((t + 5*time.Millisecond) / (10 * time.Millisecond))
}

// picture puts down a picture; a nil table is that of the file.
func (g *gifWriter) picture(in image.Rectangle, numbers []byte, table []uint32) {
	b := []byte{0x2c}
	for _, n := range []int{in.Min.X, in.Min.Y, in.Dx(), in.Dy()} {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	}
	n := tableBits(len(g.colors.table))
	if table == nil {
		b = append(b, 0)
	} else {
		n = tableBits(len(table))
		b = appendTable(append(b, 0x80|uint8(n-1)), table, n)
	}
	n = max(n, 2) // the least that the compression knows
	g.wait.Write(append(b, uint8(n)))
	blocks := gifBlocks{w: &g.wait}
	g.lzw.Reset(&blocks, lzw.LSB, n)
	_, _ = g.lzw.Write(numbers) // into memory, and no number has more bits
	_ = g.lzw.Close()
	blocks.close()
}

// flush writes the picture that waits, which stays for so many hundredths of a
// second. A longer time than a picture can have is that of several, which change
// nothing.
func (g *gifWriter) flush(delay int64) {
	for {
		d := min(delay, 0xffff)
		if delay > d && delay-d < 2 {
			d -= 2
		}
		// Dispose 1: it stays. Colour 0 changes nothing.
		g.write(append([]byte{0x21, 0xf9, 4, 1<<2 | 1, uint8(d), uint8(d >> 8), 0, 0}, g.wait.Bytes()...))
		g.wait.Reset()
		if delay -= d; delay <= 0 || g.err != nil {
			return
		}
		g.picture(image.Rect(0, 0, 1, 1), []byte{0}, nil)
	}
}

// end writes the last picture and the file's end.
func (g *gifWriter) end(at time.Duration) {
	if g.drawn != nil {
		g.flush(max(hundredths(at)-g.since, 2))
	}
	g.write([]byte{0x3b})
}

// gifBlocks cuts bytes into pieces of at most 255, each after its length.
type gifBlocks struct {
	w   *bytes.Buffer
	buf [256]byte
	n   int
}

func (b *gifBlocks) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := copy(b.buf[1+b.n:], rest)
		b.n += n
		if rest = rest[n:]; b.n == 255 {
			b.put()
		}
	}
	return len(p), nil
}

// WriteByte makes the compression write to it directly.
func (b *gifBlocks) WriteByte(c byte) error {
	b.n++
	b.buf[b.n] = c
	if b.n == 255 {
		b.put()
	}
	return nil
}

// Flush is part of what the compression asks of its writer.
func (b *gifBlocks) Flush() error { return nil }

func (b *gifBlocks) put() {
	b.buf[0] = uint8(b.n)
	b.w.Write(b.buf[:b.n+1])
	b.n = 0
}

func (b *gifBlocks) close() {
	if b.n > 0 {
		b.put()
	}
	b.w.WriteByte(0)
}
