package pty

import (
	"bytes"
	"strings"
)

// Modes are states of a terminal emulator that a program may have switched on
// and that must be left when it ends. They live in the emulator, not in the
// kernel: only who saw the bytes knows which are on.
type Modes uint32

// The modes. The numbers are DEC private modes as in xterm's ctlseqs document
// unless another source is named.
const (
	AltScreen       Modes = 1 << iota // 1049
	Mouse                             // 9, 1000, 1002, 1003 and the formats 1005, 1006, 1015, 1016
	Focus                             // 1004
	BracketedPaste                    // 2004
	KittyKeyboard                     // progressive enhancement flags (kitty's keyboard protocol)
	ModifyOtherKeys                   // XTMODKEYS
	AppCursor                         // 1 (DECCKM)
	AppKeypad                         // DECKPAM
	CursorHidden                      // 25 is off (DECTCEM)
	CursorShape                       // DECSCUSR
	Style                             // colours, bold, ... (SGR), and an open hyperlink (OSC 8)
	Palette                           // OSC 4, 10, 11, 12
	SyncOutput                        // 2026
	Margins                           // DECSTBM, and 69 (DECLRMM)
	Charset                           // line drawing (SCS, SO)
	InsertMode                        // IRM
	NoWrap                            // 7 is off (DECAWM)
	ReverseVideo                      // 5 (DECSCNM)
	ResizeReports                     // 2048
	ThemeReports                      // 2031
	Origin                            // 6 (DECOM)
	TitlePushed                       // XTWINOPS 22
	lastMode
)

// UnknownModes is for who does not know what is on: everything whose leaving
// does no harm when it was off. The other three would do some: leaving an
// alternate screen or the origin mode that is off moves the cursor, and a title
// that was not pushed is taken from somebody else's pile.
const UnknownModes = (lastMode - 1) &^ (AltScreen | Origin | TitlePushed)

// reporting are the modes in which the emulator sends what nobody typed.
const reporting = Mouse | Focus | KittyKeyboard | ModifyOtherKeys | ResizeReports | ThemeReports

// leaving is in the order of writing: first what holds up the picture or makes
// the emulator send, then what must happen on the alternate screen, which has a
// keyboard state of its own, then what happens on the main one.
var leaving = []struct {
	mode Modes
	seq  string
}{
	{SyncOutput, "\x1b[?2026l"},
	{Mouse, "\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"},
	{Focus, "\x1b[?1004l"},
	{ResizeReports, "\x1b[?2048l"},
	{ThemeReports, "\x1b[?2031l"},
	{BracketedPaste, "\x1b[?2004l"},
	// Set to nothing rather than popped: how many entries are ours is not known,
	// and the ones below belong to the shell.
	{KittyKeyboard, "\x1b[=0u"},
	{ModifyOtherKeys, "\x1b[>4m"},
	{Origin, "\x1b[?6l"},
	{AltScreen, "\x1b[?1049l"},
	// Margins that go send the cursor home, hence the saving and restoring.
	{Margins, "\x1b7\x1b[?69l\x1b[r\x1b8"},
	{AppCursor, "\x1b[?1l"},
	{AppKeypad, "\x1b>"},
	{InsertMode, "\x1b[4l"},
	{NoWrap, "\x1b[?7h"},
	{ReverseVideo, "\x1b[?5l"},
	{Charset, "\x0f\x1b(B"},
	{Palette, "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\"},
	{Style, "\x1b]8;;\x1b\\\x1b[m"},
	{CursorShape, "\x1b[0 q"},
	{CursorHidden, "\x1b[?25h"},
	{TitlePushed, "\x1b[23;0t"},
}

// Leave is what to write to a terminal to leave the modes. It has no newline,
// so it means the same in raw and in cooked mode.
func (m Modes) Leave() []byte {
	var b bytes.Buffer
	for _, l := range leaving {
		if m&l.mode == 0 {
			continue
		}
		b.WriteString(l.seq)
		if l.mode == AltScreen && m&KittyKeyboard != 0 {
			b.WriteString("\x1b[=0u") // the main screen's
		}
	}
	return b.Bytes()
}

var modeNames = []string{
	"alt-screen", "mouse", "focus", "paste", "kitty-keyboard", "modify-other-keys", "app-cursor", "app-keypad",
	"cursor-hidden", "cursor-shape", "style", "palette", "sync", "margins", "charset", "insert", "no-wrap",
	"reverse-video", "resize-reports", "theme-reports", "origin", "title-pushed",
}

// String lists the modes, for messages: "alt-screen,mouse".
func (m Modes) String() string {
	var names []string
	for i, name := range modeNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
