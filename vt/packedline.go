package vt

import "encoding/binary"

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

// plain returns the text of a line of ASCII in the plain style.
func (l packedLine) plain() (text []byte, ok bool) {
	if l.b[0]&linePlain == 0 {
		return nil, false
	}
	_, k := binary.Uvarint(l.b[1:])
	return l.b[1+k:], true
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
