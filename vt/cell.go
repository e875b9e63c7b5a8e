package vt

// Color is a colour as a program chose it: the terminal's default, one of the
// 256 of the palette, or red, green and blue. The zero value is the default.
type Color uint32

const (
	colorIndexed Color = 1 << 24
	colorRGB     Color = 2 << 24
	colorKind    Color = 0xff << 24
)

// Indexed returns colour i of the palette: 0 to 7 the plain colours, 8 to 15
// the bright ones, 16 to 231 the cube, 232 to 255 the greys.
func Indexed(i uint8) Color { return colorIndexed | Color(i) }

// RGB returns the colour with these parts.
func RGB(r, g, b uint8) Color {
	return colorRGB | Color(r)<<16 | Color(g)<<8 | Color(b)
}

// IsDefault says whether c is the terminal's own colour.
func (c Color) IsDefault() bool { return c&colorKind == 0 }

// Index returns the place of c in the palette, if it is a colour of the palette.
func (c Color) Index() (uint8, bool) { return uint8(c), c&colorKind == colorIndexed }

// RGB returns the parts of c, if it was given as red, green and blue.
func (c Color) RGB() (r, g, b uint8, ok bool) {
	return uint8(c >> 16), uint8(c >> 8), uint8(c), c&colorKind == colorRGB
}

// Attr is a set of attributes of a cell.
type Attr uint16

// The attributes of SGR, and the protection of DECSCA.
const (
	Bold Attr = 1 << iota
	Faint
	Italic
	Blink
	Inverse
	Invisible
	Strike
	Overline
	Protected
)

// Underline is the shape of a cell's underline (SGR 4 and 4:0 to 4:5, SGR 21).
type Underline uint8

// The shapes of an underline.
const (
	NoUnderline Underline = iota
	SingleUnderline
	DoubleUnderline
	CurlyUnderline
	DottedUnderline
	DashedUnderline
)

// Style is how a cell looks.
type Style struct {
	Fg, Bg    Color
	Ul        Color // colour of the underline; default: that of the text
	Attr      Attr
	Underline Underline
}

// Cell is one cell of a screen, as a snapshot shows it.
type Cell struct {
	Text  string // one grapheme cluster; "" where nothing was written or the cell was erased
	Width uint8  // 1, 2 for the first half of a wide cluster, 0 for its second half
	Style Style
	Link  string // address of the hyperlink (OSC 8) that the cell belongs to
}

// Line is one line of a screen or of its scrollback.
type Line struct {
	Cells   []Cell // one for each column
	Wrapped bool   // the text goes on in the next line: no newline was sent
	Mark    Mark   // what the shell said begins here
}

// Mark is what a shell said about a line (OSC 133, the prompt protocol of
// FinalTerm).
type Mark uint8

// The marks of OSC 133.
const (
	NoMark      Mark = iota
	PromptStart      // A: a prompt begins
	InputStart       // B: the prompt has ended, what follows is typed
	OutputStart      // C: the command's output begins
	CommandDone      // D: the command has ended
)
