package vt

// MouseMode says which movements of the mouse the program asked for.
type MouseMode uint8

// The mouse modes, by DECSET number.
const (
	MouseOff    MouseMode = iota
	MouseX10              // 9: presses only
	MouseNormal           // 1000: presses and releases
	MouseButton           // 1002: and movement while a button is down
	MouseAny              // 1003: and all movement
)

// MouseEncoding says in which form the program wants the mouse's reports.
type MouseEncoding uint8

// The forms of mouse reports, by DECSET number.
const (
	MouseLegacy   MouseEncoding = iota // three bytes, up to column and row 223
	MouseUTF8                          // 1005
	MouseSGR                           // 1006
	MouseURXVT                         // 1015
	MouseSGRPixel                      // 1016: as 1006, in pixels
)

// The flags of the kitty keyboard protocol (CSI = flags u).
const (
	KittyDisambiguate = 1 << iota // escape codes that cannot be mistaken
	KittyEvents                   // repeat and release are told
	KittyAlternates               // alternate keys are told
	KittyAllKeys                  // all keys come as escape codes
	KittyText                     // with the text they give
)

// Modes are the settings that programs switch and that decide what a key, a
// paste or a click becomes and how a screen is drawn.
type Modes struct {
	AppCursor       bool // DECCKM: cursor keys send SS3
	AppKeypad       bool // DECKPAM
	BackarrowBS     bool // DECBKM: Backspace sends 08
	BracketedPaste  bool // 2004
	FocusEvents     bool // 1004
	Autowrap        bool // DECAWM
	ReverseWrap     bool // 45
	Origin          bool // DECOM
	Insert          bool // IRM
	Newline         bool // LNM: Enter sends CR LF, LF returns the carriage
	ReverseVideo    bool // DECSCNM
	LeftRightMargin bool // DECLRMM, 69
	AltScreen       bool // 47, 1047 or 1049
	Sync            bool // 2026: an update is being put together
	InBandResize    bool // 2048
	ColorScheme     bool // 2031
	AltScroll       bool // 1007: the wheel sends cursor keys on the alternate screen
	Mouse           MouseMode
	MouseEncoding   MouseEncoding
	ModifyOtherKeys uint8 // XTMODKEYS 4: 0, 1 or 2
	Kitty           uint8 // the flags on top of the current screen's stack
}

// CursorShape is the form of the cursor (DECSCUSR).
type CursorShape uint8

// The forms of the cursor.
const (
	BlockCursor CursorShape = iota
	UnderlineCursor
	BarCursor
)

// Cursor is where and how the cursor is shown.
type Cursor struct {
	X, Y        int // column and row, from 0
	Visible     bool
	Shape       CursorShape
	Blink       bool
	PendingWrap bool // the last column was written; the next character wraps
}
