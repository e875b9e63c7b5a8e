package vt

import "encoding/binary"

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
	b.chunks, b.spare = nil, nil
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
	// the buffer when they must.
	if c == nil || len(c.buf)+len(row)+8 > b.free && len(c.ends) > 0 {
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
	var all uint32
	for i, e := range row {
		dst[i] = byte(e.ch)
		all |= e.style | e.ch&^0x7f
		if e.ch == 0 {
			return false
		}
	}
	if all != 0 {
		return false
	}
	c.buf = c.buf[:n+len(row)]
	return true
}

func appendRun(p []byte, n, kind int) []byte {
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
			c.buf = appendRun(c.buf, j-i, runASCII)
			for _, e := range row[i:j] {
				c.buf = append(c.buf, byte(e.ch))
			}
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

// evict throws the oldest chunk away.
func (b *scrollback) evict() {
	c := b.chunks[0]
	n := copy(b.chunks, b.chunks[1:])
	b.chunks[n] = nil
	b.chunks = b.chunks[:n]
	b.bytes -= c.size
	b.lines -= len(c.ends)
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

// line returns line i, 0 the oldest.
func (b *scrollback) line(i int) packedLine {
	for _, c := range b.chunks {
		if i < len(c.ends) {
			from := uint32(0)
			if i > 0 {
				from = c.ends[i-1]
			}
			return packedLine{c, c.buf[from:c.ends[i]]}
		}
		i -= len(c.ends)
	}
	panic("vt: no such line in the scrollback")
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

// packedLine is a line as the scrollback holds it.
type packedLine struct {
	c *chunk
	b []byte
}

func (l packedLine) meta() rowMeta {
	return rowMeta{
		cont:   l.b[0]&lineCont != 0,
		prompt: l.b[0]&linePrompt != 0,
		mark:   Mark(l.b[0] >> lineMark),
	}
}

// cells returns the number of cells that are kept of the line.
func (l packedLine) cells() int {
	n, _ := binary.Uvarint(l.b[1:])
	return int(n)
}

// run is a stretch of cells of one kind and style.
type run struct {
	pen   packedPen
	kind  int
	cells int    // columns
	text  []byte // of all cells for runASCII, of one for runNarrow and runWide
}

// runs calls f with the runs of the line, left to right.
func (l packedLine) runs(f func(run)) {
	p := l.b[1:]
	n, k := binary.Uvarint(p)
	p = p[k:]
	if l.b[0]&linePlain != 0 {
		if n > 0 {
			f(run{kind: runASCII, cells: int(n), text: p})
		}
		return
	}
	var r run
	for len(p) > 0 {
		v, k := binary.Uvarint(p)
		p = p[k:]
		n := int(v / runKinds)
		r.kind = int(v % runKinds)
		switch r.kind {
		case runStyle:
			if n == 0 {
				r.pen = packedPen{}
			} else {
				r.pen = l.c.pens[n]
			}
			continue
		case runEmpty:
			r.cells, r.text = n, nil
		case runASCII:
			r.cells, r.text, p = n, p[:n], p[n:]
		case runNarrow:
			r.cells, r.text, p = 1, p[:n], p[n:]
		case runWide:
			r.cells, r.text, p = 2, p[:n], p[n:]
		}
		f(r)
	}
}

// unpack appends the cells of the line to row.
func (l packedLine) unpack(row []cell, tab *tables) []cell {
	l.runs(func(r run) {
		p := pen{Style: r.pen.Style}
		if r.pen.link != 0 {
			p.link = tab.link(l.c.link[r.pen.link-1])
		}
		st := tab.pen(p)
		switch r.kind {
		case runEmpty:
			for range r.cells {
				row = append(row, cell{style: st})
			}
		case runASCII:
			for _, b := range r.text {
				row = append(row, cell{uint32(b), st})
			}
		case runNarrow:
			row = append(row, cell{tab.encode(r.text, 1), st})
		case runWide:
			row = append(row, cell{tab.encode(r.text, 2), st}, cell{chTail, st})
		}
	})
	return row
}
