package vt

import "unicode/utf8"

// pen is what a cell's style number stands for. Hyperlinks are part of it: most
// cells have none, and neighbours share one.
type pen struct {
	Style
	link uint32 // in the table of links; 0: none
}

type link struct{ id, uri string }

// tables hold what cells refer to by number: styles, hyperlinks and clusters of
// more than one code point. A program can make up new ones without end, so each
// has a mark at which the cells are walked and what none of them holds is thrown
// away; the marks lie at twice of what was alive, which makes a walk cheap per
// entry. Scrollback keeps its own copies.
type tables struct {
	pens     []pen
	penOf    map[pen]uint32
	links    []link
	linkOf   map[link]uint32
	clusters []string
	cluOf    map[string]uint32
	markPens, markLinks,
	markClus int
	epoch uint32      // grows with each sweep: numbers mean something else after it
	near  [64]nearPen // the pens of late, to spare the map
}

type nearPen struct {
	pen
	n uint32
}

const tableMark = 4096

func (b *tables) init() {
	*b = tables{
		pens: make([]pen, 1, 16), penOf: map[pen]uint32{{}: 0},
		links: make([]link, 1, 4), linkOf: map[link]uint32{},
		cluOf:    map[string]uint32{},
		markPens: tableMark, markLinks: tableMark, markClus: tableMark,
		epoch: b.epoch + 1,
	}
}

func (b *tables) pen(p pen) uint32 {
	h := uint32(p.Fg)*0x9e3779b1 ^ uint32(p.Bg)*0x85ebca6b ^ uint32(p.Ul)*0xc2b2ae35 ^
		(uint32(p.Attr)|uint32(p.Underline)<<16)*0x27d4eb2f ^ p.link*0x165667b1
	e := &b.near[h>>26]
	if e.pen == p {
		return e.n // the zero pen is number 0, as an unused entry says
	}
	n, ok := b.penOf[p]
	if !ok {
		n = uint32(len(b.pens))
		b.pens = append(b.pens, p)
		b.penOf[p] = n
	}
	*e = nearPen{p, n}
	return n
}

func (b *tables) link(l link) uint32 {
	n, ok := b.linkOf[l]
	if !ok {
		n = uint32(len(b.links))
		b.links = append(b.links, l)
		b.linkOf[l] = n
	}
	return n
}

func (b *tables) clusterText(s []byte) uint32 {
	n, ok := b.cluOf[string(s)]
	if !ok {
		n = uint32(len(b.clusters))
		b.clusters = append(b.clusters, string(s))
		b.cluOf[b.clusters[n]] = n
	}
	return n
}

// appendText appends the text of a cell.
func (b *tables) appendText(p []byte, c cell) []byte {
	switch {
	case c.ch < utf8.RuneSelf:
		if c.ch == 0 {
			return p
		}
		return append(p, byte(c.ch))
	case c.ch&chTail != 0:
		return p
	case c.ch&chCluster != 0:
		return append(p, b.clusters[c.ch&chValue]...)
	}
	return utf8.AppendRune(p, rune(c.ch&chValue))
}

const ascii = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

func (b *tables) text(c cell) string {
	switch {
	case c.ch < utf8.RuneSelf:
		if c.ch == 0 {
			return ""
		}
		return ascii[c.ch : c.ch+1]
	case c.ch&chTail != 0:
		return ""
	case c.ch&chCluster != 0:
		return b.clusters[c.ch&chValue]
	}
	return string(rune(c.ch & chValue))
}

// encode returns what cell.ch has to be for text of width w.
func (b *tables) encode(text []byte, w int) uint32 {
	var ch uint32
	r, n := utf8.DecodeRune(text)
	switch {
	case len(text) == 0:
		return 0
	case n == len(text) && (r != utf8.RuneError || n > 1):
		ch = uint32(r)
	default:
		ch = chCluster | b.clusterText(text)
	}
	if w == 2 {
		ch |= chWide
	}
	return ch
}

func (b *tables) full() bool {
	return len(b.pens) > b.markPens || len(b.links) > b.markLinks || len(b.clusters) > b.markClus
}

// sweep throws away the entries that no cell of the screens and none of the
// pens holds, and renumbers the rest.
func (b *tables) sweep(screens []*screen, pens []*pen) {
	old := *b
	b.init()
	penTo := make([]uint32, len(old.pens)) // new number + 1
	linkTo := make([]uint32, len(old.links))
	cluTo := make([]uint32, len(old.clusters))
	moveLink := func(n uint32) uint32 {
		if n == 0 {
			return 0
		}
		if linkTo[n] == 0 {
			linkTo[n] = b.link(old.links[n]) + 1
		}
		return linkTo[n] - 1
	}
	for _, s := range screens {
		if s == nil {
			continue
		}
		for i := range s.cells {
			c := &s.cells[i]
			if c.style != 0 {
				if penTo[c.style] == 0 {
					p := old.pens[c.style]
					p.link = moveLink(p.link)
					penTo[c.style] = b.pen(p) + 1
				}
				c.style = penTo[c.style] - 1
			}
			if c.ch&chCluster != 0 {
				n := c.ch & chValue
				if cluTo[n] == 0 {
					cluTo[n] = b.clusterText([]byte(old.clusters[n])) + 1
				}
				c.ch = c.ch&^uint32(chValue) | (cluTo[n] - 1)
			}
		}
	}
	for _, p := range pens {
		p.link = moveLink(p.link)
	}
	b.markPens = max(tableMark, 2*len(b.pens))
	b.markLinks = max(tableMark, 2*len(b.links))
	b.markClus = max(tableMark, 2*len(b.clusters))
}
