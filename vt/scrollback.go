package vt

import (
	"encoding/binary"
	"slices"
)

// scrollback holds the lines that left the main screen, oldest first, packed into
// chunks. A chunk stands for itself: it has its own copies of the styles and links
// that its lines use, and goes as a whole when there are too many bytes.
//
// A line is a byte of flags, the number of its cells without the untouched ones at
// its end, and either that many bytes of ASCII in the plain style, or runs. A run
// is a number of which the low bits say what follows: so many bytes of ASCII, each
// a cell; so many cells with nothing in them; one cell with so many bytes of text,
// narrow or wide; or no cells but the number of the style from here on.
type scrollback struct {
	limit  int // bytes; negative: nothing is kept
	chunks []*chunk
	lines  int
	bytes  int
	spare  *chunk // the latest that went, to be filled again
	epoch  uint32 // of the tables for which local is right
	local  []uint32
	free   int // size of a chunk
}

type chunk struct {
	buf  []byte
	ends []uint32 // of each line
	pens []packedPen
	link []link
	size int // bytes accounted for
}

type packedPen struct {
	Style
	link uint32 // in chunk.link, from 1
}

const (
	lineCont   = 1 << 0
	linePlain  = 1 << 1
	linePrompt = 1 << 2
	lineMark   = 3 // shift of the mark

	runASCII  = 0
	runEmpty  = 1
	runNarrow = 2
	runWide   = 3
	runStyle  = 4
	runKinds  = 5

	penSize = 24 // what a style costs, in bytes
)

func (b *scrollback) init(limit int) {
	*b = scrollback{limit: limit}
	b.free = min(max(limit/16, 512), 64<<10)
}

// drop empties the scrollback.
func (b *scrollback) drop() {
	if n := len(b.chunks); n > 0 {
		b.keep(b.chunks[n-1])
	}
	b.chunks = nil
	b.lines, b.bytes = 0, 0
	b.local = b.local[:0]
}

// push adds a line of the screen.
func (b *scrollback) push(row []cell, m *rowMeta, tab *tables) {
	if b.limit < 0 {
		return
	}
	var c *chunk
	if n := len(b.chunks); n > 0 {
		c = b.chunks[n-1]
	}
	// A line takes at most this many bytes when all of it is ASCII; others grow
	// the buffer when they must. Styles and links may be most of a chunk.
	if c == nil || len(c.ends) > 0 && (len(c.buf)+len(row)+8 > b.free || c.size > 2*b.free) {
		c = b.grow()
	}
	if b.epoch != tab.epoch {
		b.epoch = tab.epoch
		clear(b.local)
	}
	row = row[:used(row)]
	flags := byte(m.mark)<<lineMark | linePlain
	if m.cont {
		flags |= lineCont
	}
	if m.prompt {
		flags |= linePrompt
	}
	at := len(c.buf)
	before := cap(c.buf) + 4*cap(c.ends)
	c.buf = append(c.buf, flags)
	c.buf = binary.AppendUvarint(c.buf, uint64(len(row)))
	if !c.plain(row) {
		c.buf[at] &^= linePlain
		b.pack(c, row, tab)
	}
	c.ends = append(c.ends, uint32(len(c.buf)))
	more := cap(c.buf) + 4*cap(c.ends) - before
	c.size += more
	b.bytes += more
	b.lines++
	for b.bytes > b.limit && len(b.chunks) > 1 {
		b.evict()
	}
}

// plain appends row as bytes, if it is ASCII in the plain style.
func (c *chunk) plain(row []cell) bool {
	n := len(c.buf)
	if cap(c.buf)-n < len(row) {
		c.buf = append(c.buf, make([]byte, len(row))...)[:n]
	}
	dst := c.buf[n : n+len(row)]
	for i, e := range row {
		if e.style != 0 || e.ch-1 >= 0x7f {
			return false
		}
		dst[i] = byte(e.ch)
	}
	c.buf = c.buf[:n+len(row)]
	return true
}

func appendRun(p []byte, n, kind int) []byte {
	if v := n*runKinds + kind; v < 0x80 {
		return append(p, byte(v))
	}
	return binary.AppendUvarint(p, uint64(n*runKinds+kind))
}

func (b *scrollback) pack(c *chunk, row []cell, tab *tables) {
	style := uint32(0)
	for i := 0; i < len(row); {
		e := row[i]
		if e.style != style {
			style = e.style
			c.buf = appendRun(c.buf, int(b.penFor(c, style, tab)), runStyle)
		}
		j := i + 1
		switch {
		case e.ch == 0:
			for j < len(row) && row[j] == e {
				j++
			}
			c.buf = appendRun(c.buf, j-i, runEmpty)
		case e.ch < 0x80:
			for j < len(row) && row[j].style == style && row[j].ch-1 < 0x7f {
				j++
			}
			c.buf = slices.Grow(appendRun(c.buf, j-i, runASCII), j-i)
			n := len(c.buf)
			dst := c.buf[n : n+j-i]
			for k := range dst {
				dst[k] = byte(row[i+k].ch)
			}
			c.buf = c.buf[:n+j-i]
		default:
			kind := runNarrow
			if e.ch&chWide != 0 {
				kind = runWide
				j++
			}
			var tmp [MaxCluster]byte
			text := tab.appendText(tmp[:0], e)
			c.buf = append(appendRun(c.buf, len(text), kind), text...)
		}
		i = j
	}
}

// penFor returns the chunk's number for a style of the tables.
func (b *scrollback) penFor(c *chunk, n uint32, tab *tables) uint32 {
	if n == 0 {
		return 0
	}
	for int(n) >= len(b.local) {
		b.local = append(b.local, 0)
	}
	if b.local[n] != 0 {
		return b.local[n]
	}
	p := tab.pens[n]
	q := packedPen{Style: p.Style}
	add := penSize
	if p.link != 0 {
		l := tab.links[p.link]
		for i := len(c.link) - 1; i >= max(0, len(c.link)-64); i-- {
			if c.link[i] == l {
				q.link = uint32(i) + 1
				break
			}
		}
		if q.link == 0 {
			c.link = append(c.link, l)
			q.link = uint32(len(c.link))
			add += 32 + len(l.id) + len(l.uri)
		}
	}
	if len(c.pens) == 0 {
		c.pens = append(c.pens, packedPen{})
	}
	c.pens = append(c.pens, q)
	c.size += add
	b.bytes += add
	b.local[n] = uint32(len(c.pens) - 1)
	return b.local[n]
}

// grow begins a chunk.
func (b *scrollback) grow() *chunk {
	c := b.spare
	b.spare = nil
	if c == nil {
		c = &chunk{buf: make([]byte, 0, b.free)}
	}
	c.buf, c.ends, c.pens, c.link = c.buf[:0], c.ends[:0], c.pens[:0], c.link[:0]
	c.size = cap(c.buf) + 4*cap(c.ends)
	b.bytes += c.size
	b.chunks = append(b.chunks, c)
	clear(b.local)
	for b.bytes > b.limit && len(b.chunks) > 1 {
		b.evict()
	}
	return c
}

// textSize is about how many bytes of text there are.
func (b *scrollback) textSize() int {
	n := 0
	for _, c := range b.chunks {
		n += len(c.buf)
	}
	return n
}

// evict throws the oldest chunk away.
func (b *scrollback) evict() {
	c := b.chunks[0]
	n := copy(b.chunks, b.chunks[1:])
	b.chunks[n] = nil
	b.chunks = b.chunks[:n]
	b.bytes -= c.size
	b.lines -= len(c.ends)
	b.keep(c)
}

// keep has c filled again, unless it has grown.
func (b *scrollback) keep(c *chunk) {
	if cap(c.buf) <= 2*b.free && len(c.pens) < 1024 {
		clear(c.link[:cap(c.link)])
		b.spare = c
	}
}

// dropLast takes the newest line away.
func (b *scrollback) dropLast() {
	n := len(b.chunks)
	c := b.chunks[n-1]
	k := len(c.ends) - 1
	c.ends = c.ends[:k]
	end := uint32(0)
	if k > 0 {
		end = c.ends[k-1]
	}
	c.buf = c.buf[:end]
	b.lines--
	if k == 0 {
		b.bytes -= c.size
		b.chunks[n-1] = nil
		b.chunks = b.chunks[:n-1]
		clear(b.local) // the chunk before has other numbers
	}
}

// last returns the newest line.
func (b *scrollback) last() packedLine {
	c := b.chunks[len(b.chunks)-1]
	from := uint32(0)
	if n := len(c.ends); n > 1 {
		from = c.ends[n-2]
	}
	return packedLine{c, c.buf[from:]}
}

// each calls f with every line, oldest first.
func (b *scrollback) each(f func(packedLine)) {
	for _, c := range b.chunks {
		from := uint32(0)
		for _, end := range c.ends {
			f(packedLine{c, c.buf[from:end]})
			from = end
		}
	}
}
