package vt

// Snapshot is what can be seen of a terminal at one moment, as plain values that
// are the caller's own.
type Snapshot struct {
	Cols, Rows int
	Lines      []Line // the screen, Rows lines of Cols cells
	Scrollback []Line // what scrolled off, oldest first, each as wide as it was; only if asked for
	Cursor     Cursor
	Modes      Modes
	Title      string
	IconTitle  string
	Dir        string // OSC 7, the working directory that the shell told
	Palette    Palette
	Prompt     Prompt
}

// Palette holds the colours that stand behind [Color], as 0xRRGGBB.
type Palette struct {
	Fg, Bg, Cursor uint32
	Colors         [256]uint32
}

// Prompt is what a shell that emits OSC 133 told of itself.
type Prompt struct {
	Seen   bool // a mark was seen at all
	State  Mark // the latest mark
	Exit   int  // the status told with the latest D
	Known  bool // that D told a status
	Count  int  // prompts (A) so far
	Ends   bool // the shell tells where its prompts end, too (B)
	InLine int  // row of the latest A on the screen, -1 if it scrolled off
}
