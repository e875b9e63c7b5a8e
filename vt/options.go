package vt

// Limits on what a program can make a terminal keep. Each is the size of the
// thing named; what goes beyond is ignored, or pushes the oldest out, and shows
// in [Counters].
const (
	MaxCols           = 10000   // columns of a screen
	MaxRows           = 10000   // rows of a screen
	MaxCells          = 1 << 22 // columns times rows; the rows give way
	MaxParams         = 32      // parameters of one control sequence
	MaxParam          = 999999  // value of a parameter; larger ones count as this
	MaxTitle          = 1024    // bytes of a title, icon title or directory
	MaxTitleStack     = 16      // titles that CSI 22 t keeps
	MaxKittyStack     = 16      // sets of keyboard flags kept, for each screen
	MaxCluster        = 128     // bytes of text in one cell
	MaxLink           = 2048    // bytes of a hyperlink's address, and of its id
	MaxString         = 8192    // bytes of an OSC or DCS string other than OSC 52
	MaxClipboard      = 1 << 20 // bytes of an OSC 52 string, before decoding
	DefaultScrollback = 12 << 20
	DefaultReplyLimit = 64 << 10
)

// Options say how a [Terminal] is made. The zero value works.
type Options struct {
	// Scrollback bounds the memory, in bytes, that lines scrolled off the main
	// screen may take; 0 means DefaultScrollback, a negative number none.
	Scrollback int

	// Reply gets the answers to the program's questions, in order, during
	// Write. The slice is valid only during the call. It must not call the
	// Terminal. Nil: answers are dropped.
	Reply func([]byte)

	// Notify gets what is not on the screen, during Write. It must not call the
	// Terminal. Nil: events are dropped.
	Notify func(Event)

	// ReplyLimit bounds the bytes of answers within one Write, so that a hostile
	// program cannot turn a few bytes into many; 0 means DefaultReplyLimit.
	// Answers beyond it are dropped whole and counted.
	ReplyLimit int

	// Version is the answer to XTVERSION, such as "sluice(1.2)"; empty: "sluice".
	Version string

	// Answer is what ENQ (05) sends; empty: nothing.
	Answer string

	// ReportTitle lets CSI 20 t and 21 t tell the titles. Without it they answer
	// an empty one, because a title that a program chose would come back as if
	// it had been typed.
	ReportTitle bool

	// Light says that the colours are dark on light, for DSR ?996.
	Light bool

	// Fg, Bg and Cursor are the colours, as 0xRRGGBB, that OSC 10, 11 and 12 tell.
	// If Fg and Bg are equal (so in the zero value): light grey on black. Cursor 0
	// means Fg.
	Fg, Bg, Cursor uint32

	// CellWidth and CellHeight are the size of a cell in pixels, for CSI 14 t and
	// 16 t; 0 means 10 by 20.
	CellWidth, CellHeight int
}

func (o *Options) fill() {
	if o.Scrollback == 0 {
		o.Scrollback = DefaultScrollback
	}
	if o.ReplyLimit == 0 {
		o.ReplyLimit = DefaultReplyLimit
	}
	if o.Version == "" {
		o.Version = "sluice"
	}
	if o.Fg == o.Bg {
		o.Fg, o.Bg = 0xd0d0d0, 0x000000
	}
	if o.Cursor == 0 {
		o.Cursor = o.Fg
	}
	if o.CellWidth <= 0 {
		o.CellWidth = 10
	}
	if o.CellHeight <= 0 {
		o.CellHeight = 20
	}
}

// clampSize brings a size into what a Terminal takes.
func clampSize(cols, rows int) (int, int) {
	cols = min(max(cols, 1), MaxCols)
	rows = min(max(rows, 1), MaxRows)
	if cols*rows > MaxCells {
		rows = MaxCells / cols
	}
	return cols, rows
}

// Counters tell what a Terminal left out.
type Counters struct {
	Replies   uint64 // answers dropped for Options.ReplyLimit
	Unknown   uint64 // control sequences with no meaning here
	Truncated uint64 // strings, clusters, links and stacks beyond their limits
	Invalid   uint64 // U+FFFD put in the place of bytes that are no UTF-8
}
