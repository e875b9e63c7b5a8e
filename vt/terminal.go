package vt

// Terminal is the state of one terminal. It is made by [New].
type Terminal struct {
	o          Options
	cols, rows int
	main, alt  *screen // alt is nil while the main screen is shown
	scr        *screen // the one that is shown
	lines      scrollback
	tab        tables

	x, y    int
	pending bool // column x was the last and is written: the next character wraps first
	open    bool // the cell before the cursor was written by the latest bytes: a mark or REP may follow

	pen      pen
	style    uint32 // number of pen
	blank    cell   // what erasing leaves: a background only
	penDirty bool   // style and blank are those of an older pen

	cs          charsets
	left, right int // DECSLRM, both inclusive; the whole width unless mode 69
	tabs        []bool

	m            Modes
	x11          extraModes
	savedModes   map[int]bool
	cursorHidden bool
	shape        CursorShape
	noBlink      bool
	decsace      bool // attributes change rectangles, not streams of text (DECSACE 2)

	title, icon   string
	titles, icons []string
	dir           string
	palette       *[256]uint32 // nil until a program changes one
	fg, bg, cc    uint32
	prompt        Prompt

	p parser

	now     uint64 // generation that this Write leaves if something changes
	gen     uint64
	changed bool
	dirty   []uint64 // generation of the latest change, by row
	dirtyAl uint64   // the same for all rows together

	scrolled uint64
	queries  uint64

	replied int // bytes of answers in this Write
	count   Counters
	out     []byte // scratch for answers
	text    []byte // scratch for clusters
	ord     []int32
}

// extraModes are modes that nothing outside of this package needs.
type extraModes struct {
	allowDECCOLM bool // 40
	deccolm      bool // 3
	keepDECCOLM  bool // 95
	moreWrap     bool // 1045
	noClusters   bool // 2027, the other way round
	smooth       bool // 4, remembered only
	repeat       bool // 8, remembered only
	altEsc       bool // 1039, remembered only
}

type savedCursor struct {
	x, y    int
	pending bool
	pen     pen
	cs      charsets
	origin  bool
}

// valid tells whether there was a DECSC.
func (s *savedCursor) valid() bool { return s.cs != (charsets{}) }

// New returns a terminal of that many columns and rows, empty, with its cursor at
// the top left. Sizes are brought into 1 to MaxCols and MaxRows, and into MaxCells
// by taking rows away.
func New(cols, rows int, o Options) *Terminal {
	cols, rows = clampSize(cols, rows)
	o.fill()
	t := &Terminal{o: o}
	t.lines.init(o.Scrollback)
	t.reset(cols, rows)
	return t
}

// reset brings everything but the options, the counters, and the titles and the
// directory, which xterm keeps as well, into the first state.
func (t *Terminal) reset(cols, rows int) {
	t.cols, t.rows = cols, rows
	t.tab.init()
	t.lines.drop()
	t.main, t.alt = newScreen(cols, rows), nil
	t.scr = t.main
	t.x, t.y, t.pending, t.open = 0, 0, false, false
	t.pen, t.penDirty = pen{}, true
	t.cs = newCharsets()
	t.left, t.right = 0, cols-1
	t.tabs = nil
	t.growTabs(cols)
	t.m = Modes{Autowrap: true, AltScroll: true}
	t.x11 = extraModes{}
	t.savedModes = nil
	t.cursorHidden, t.shape, t.noBlink, t.decsace = false, BlockCursor, true, false
	t.titles, t.icons = nil, nil
	t.palette = nil
	t.fg, t.bg, t.cc = t.o.Fg, t.o.Bg, t.o.Cursor
	t.prompt = Prompt{}
	t.dirty = make([]uint64, rows)
	t.touchAll()
}

// Write feeds bytes of the program to the terminal. It never fails, and the same
// bytes give the same state in however many pieces they come.
func (t *Terminal) Write(p []byte) (int, error) {
	n := len(p)
	t.begin()
	x, y, m, hidden, shape, noBlink := t.x, t.y, t.m, t.cursorHidden, t.shape, t.noBlink
	t.replied = 0
	t.feed(p)
	if x != t.x || y != t.y || m != t.m || hidden != t.cursorHidden || shape != t.shape || noBlink != t.noBlink {
		t.changed = true
	}
	t.end()
	return n, nil
}

func (t *Terminal) begin() { t.now, t.changed = t.gen+1, false }

func (t *Terminal) end() {
	if t.changed {
		t.gen = t.now
	}
}

func (t *Terminal) touch(y int) {
	t.dirty[y] = t.now
	t.changed = true
}

func (t *Terminal) touchRows(top, bottom int) {
	for y := top; y <= bottom; y++ {
		t.dirty[y] = t.now
	}
	t.changed = true
}

func (t *Terminal) touchAll() {
	t.dirtyAl = t.now
	t.changed = true
}

// syncPen brings style and blank up to the pen.
func (t *Terminal) syncPen() {
	if t.tab.full() {
		t.sweep()
	}
	t.penDirty = false
	t.blank = cell{}
	if t.pen == (pen{}) {
		t.style = 0
		return
	}
	t.style = t.tab.pen(t.pen)
	if t.pen.Bg != 0 {
		t.blank.style = t.tab.pen(pen{Style: Style{Bg: t.pen.Bg}})
	}
}

// sweep throws unused styles, links and clusters away.
func (t *Terminal) sweep() {
	pens := []*pen{&t.pen, &t.main.saved.pen}
	if t.alt != nil {
		pens = append(pens, &t.alt.saved.pen)
	}
	t.tab.sweep([]*screen{t.main, t.alt}, pens)
	t.penDirty = true
}

// erased returns what an erased cell holds: the background of the pen, which is
// what xterm calls background colour erase.
func (t *Terminal) erased() cell {
	if t.penDirty {
		t.syncPen()
	}
	return t.blank
}

// Size returns the columns and rows of the screen.
func (t *Terminal) Size() (cols, rows int) { return t.cols, t.rows }

// Modes returns the modes as they are now.
func (t *Terminal) Modes() Modes {
	m := t.m
	m.Kitty = t.kittyFlags()
	return m
}

// Cursor returns where and how the cursor is shown.
func (t *Terminal) Cursor() Cursor {
	return Cursor{X: t.x, Y: t.y, Visible: !t.cursorHidden, Shape: t.shape, Blink: !t.noBlink, PendingWrap: t.pending}
}

// Title returns the window's title that the program set last.
func (t *Terminal) Title() string { return t.title }

// Dir returns what the shell told of its working directory (OSC 7), mostly as a
// file:// address.
func (t *Terminal) Dir() string { return t.dir }

// Generation returns a number that grows with every Write or Resize that changed
// something that can be seen.
func (t *Terminal) Generation() uint64 { return t.gen }

// Dirty returns the rows that changed after generation since, ascending.
func (t *Terminal) Dirty(since uint64) []int {
	var ys []int
	for y, g := range t.dirty {
		if g > since || t.dirtyAl > since {
			ys = append(ys, y)
		}
	}
	return ys
}

// Counters returns what was left out so far.
func (t *Terminal) Counters() Counters { return t.count }

// QueryCount returns how many questions the program has asked so far, whether or
// not anybody answered.
func (t *Terminal) QueryCount() uint64 { return t.queries }

// Scrolled returns how many lines have left the main screen at its top, those that
// the scrollback no longer holds too. It never goes back.
func (t *Terminal) Scrolled() uint64 { return t.scrolled }

// Prompt returns what the shell told of itself (OSC 133).
func (t *Terminal) Prompt() Prompt {
	p := t.prompt
	p.InLine = -1
	for y := range t.rows {
		if t.main.rowMeta(y).prompt {
			p.InLine = y
		}
	}
	return p
}
