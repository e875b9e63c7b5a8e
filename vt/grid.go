package vt

// cell is one place of a screen: what stands there, and the number of its style
// in the terminal's table. The zero value is a place where nothing was written.
type cell struct {
	ch    uint32
	style uint32
}

// What cell.ch holds besides a code point.
const (
	chCluster = 1 << 31 // the low bits number an entry of the table of clusters
	chWide    = 1 << 30 // the first half of a wide character
	chTail    = 1 << 29 // its second half; no other bits are set then
	chValue   = 1<<24 - 1
)

// rowMeta is what is known of a row besides its cells.
type rowMeta struct {
	cont   bool // goes on from the row above: no newline was sent
	mark   Mark
	prompt bool // holds the latest A of OSC 133
}

// screen is the main or the alternate screen. Rows are found through order, so
// that scrolling moves numbers and not cells; none of its slices holds pointers.
type screen struct {
	cols, rows  int
	cells       []cell
	order       []int32
	meta        []rowMeta // by the same number as the cells
	top, bottom int       // DECSTBM, both inclusive
	saved       savedCursor
	kitty       []uint8 // the flags in force are the last
}

func newScreen(cols, rows int) *screen {
	s := &screen{cols: cols, rows: rows, bottom: rows - 1}
	s.cells = make([]cell, cols*rows)
	s.order = make([]int32, rows)
	s.meta = make([]rowMeta, rows)
	for i := range s.order {
		s.order[i] = int32(i)
	}
	return s
}

func (s *screen) row(y int) []cell {
	o := int(s.order[y]) * s.cols
	return s.cells[o : o+s.cols : o+s.cols]
}

func (s *screen) rowMeta(y int) *rowMeta { return &s.meta[s.order[y]] }

// blankRow empties row y.
func (s *screen) blankRow(y int, style uint32) {
	fill(s.row(y), cell{style: style})
	*s.rowMeta(y) = rowMeta{}
}

// rotateUp moves rows top+n to bottom up by n; the n rows that come in at the
// bottom hold what went out at the top.
func (s *screen) rotateUp(top, bottom, n int, scratch *[]int32) {
	if n == 1 {
		p := s.order[top]
		copy(s.order[top:bottom], s.order[top+1:bottom+1])
		s.order[bottom] = p
		return
	}
	tmp := append((*scratch)[:0], s.order[top:top+n]...)
	copy(s.order[top:], s.order[top+n:bottom+1])
	copy(s.order[bottom+1-n:], tmp)
	*scratch = tmp
}

func (s *screen) rotateDown(top, bottom, n int, scratch *[]int32) {
	tmp := append((*scratch)[:0], s.order[bottom+1-n:bottom+1]...)
	copy(s.order[top+n:bottom+1], s.order[top:bottom+1-n])
	copy(s.order[top:], tmp)
	*scratch = tmp
}

func fill(row []cell, c cell) {
	if c == (cell{}) {
		clear(row)
		return
	}
	for i := range row {
		row[i] = c
	}
}

// cut makes sure that no wide character straddles the place between columns x-1
// and x: a half is no character, both become blank.
func cut(row []cell, x int, blank cell) {
	if x > 0 && x < len(row) && row[x].ch&chTail != 0 {
		row[x-1] = blank
		row[x] = blank
	}
}

// cutKeep is cut with the style of the cells kept.
func cutKeep(row []cell, x int) {
	if x > 0 && x < len(row) && row[x].ch&chTail != 0 {
		row[x-1].ch = 0
		row[x].ch = 0
	}
}

// used returns how many cells of row are left when those at the end that nothing
// was ever done to are taken away.
func used(row []cell) int {
	n := len(row)
	for n > 0 && row[n-1] == (cell{}) {
		n--
	}
	return n
}

// usedText is used, for cells that hold text.
func usedText(row []cell) int {
	n := len(row)
	for n > 0 && row[n-1].ch == 0 {
		n--
	}
	return n
}
