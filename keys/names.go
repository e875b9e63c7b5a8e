package keys

import (
	"strconv"
	"strings"
	"sync"
)

// The keys that type no character. They are counted in the order of the kitty
// keyboard protocol (https://sw.kovidgoyal.net/kitty/keyboard-protocol), where
// the first is 57344, so that a number of the protocol is a subtraction away.
const (
	Escape Code = firstCode + iota
	Enter
	Tab
	Backspace
	Insert
	Delete
	Left
	Right
	Up
	Down
	PageUp
	PageDown
	Home
	End
	CapsLock
	ScrollLock
	NumLock
	PrintScreen
	Pause
	Menu
	F1 // F2 to F35 follow
)

// Keys further on in kitty's order.
const (
	F35 = F1 + 34
	KP0 = F35 + 1 // KP1 to KP9 follow
	KP9 = KP0 + 9
)

// The other keys of the keypad, those of media, and the modifiers as keys of
// their own.
const (
	KPDecimal Code = KP9 + 1 + iota
	KPDivide
	KPMultiply
	KPSubtract
	KPAdd
	KPEnter
	KPEqual
	KPSeparator
	KPLeft
	KPRight
	KPUp
	KPDown
	KPPageUp
	KPPageDown
	KPHome
	KPEnd
	KPInsert
	KPDelete
	KPBegin
	MediaPlay
	MediaPause
	MediaPlayPause
	MediaReverse
	MediaStop
	MediaFastForward
	MediaRewind
	MediaNext
	MediaPrevious
	MediaRecord
	VolumeDown
	VolumeUp
	VolumeMute
	LeftShift
	LeftCtrl
	LeftAlt
	LeftSuper
	LeftHyper
	LeftMeta
	RightShift
	RightCtrl
	RightAlt
	RightSuper
	RightHyper
	RightMeta
	Level3Shift
	Level5Shift
)

const (
	firstCode  Code = 0x110000 // past the last character
	lastCode        = Level5Shift
	kittyFirst      = 57344
)

// named lists the names of keys, the canonical one first, then what other tools
// call it. Case, "_" and "-" do not count. F1 to F35 and KP0 to KP9 are not in
// it: they are counted.
var named = [...]struct {
	code  Code
	names string
}{
	{Escape, "Escape Esc"},
	{Enter, "Enter Return CR RET"},
	{Tab, "Tab"},
	{Backspace, "Backspace BSpace BS"},
	{Insert, "Insert Ins IC"},
	{Delete, "Delete Del DC DCH"},
	{Left, "Left ArrowLeft"},
	{Right, "Right ArrowRight"},
	{Up, "Up ArrowUp"},
	{Down, "Down ArrowDown"},
	{PageUp, "PageUp PgUp PPage Prior"},
	{PageDown, "PageDown PgDn PgDown NPage Next"},
	{Home, "Home"},
	{End, "End"},
	{CapsLock, "CapsLock"},
	{ScrollLock, "ScrollLock"},
	{NumLock, "NumLock"},
	{PrintScreen, "PrintScreen Print PrtSc"},
	{Pause, "Pause Break"},
	{Menu, "Menu ContextMenu Apps"},
	{KPDecimal, "KPDecimal KP. KPPoint"},
	{KPDivide, "KPDivide KP/"},
	{KPMultiply, "KPMultiply KP*"},
	{KPSubtract, "KPSubtract KPMinus"},
	{KPAdd, "KPAdd KP+ KPPlus"},
	{KPEnter, "KPEnter NumpadEnter"},
	{KPEqual, "KPEqual KP="},
	{KPSeparator, "KPSeparator KP, KPComma"},
	{KPLeft, "KPLeft"},
	{KPRight, "KPRight"},
	{KPUp, "KPUp"},
	{KPDown, "KPDown"},
	{KPPageUp, "KPPageUp KPPrior"},
	{KPPageDown, "KPPageDown KPNext"},
	{KPHome, "KPHome"},
	{KPEnd, "KPEnd"},
	{KPInsert, "KPInsert"},
	{KPDelete, "KPDelete KPDel"},
	{KPBegin, "KPBegin Begin"},
	{MediaPlay, "MediaPlay"},
	{MediaPause, "MediaPause"},
	{MediaPlayPause, "MediaPlayPause"},
	{MediaReverse, "MediaReverse"},
	{MediaStop, "MediaStop"},
	{MediaFastForward, "MediaFastForward"},
	{MediaRewind, "MediaRewind"},
	{MediaNext, "MediaNext MediaTrackNext"},
	{MediaPrevious, "MediaPrevious MediaTrackPrevious"},
	{MediaRecord, "MediaRecord"},
	{VolumeDown, "VolumeDown LowerVolume AudioVolumeDown"},
	{VolumeUp, "VolumeUp RaiseVolume AudioVolumeUp"},
	{VolumeMute, "VolumeMute MuteVolume AudioVolumeMute"},
	{LeftShift, "LeftShift ShiftL"},
	{LeftCtrl, "LeftCtrl LeftControl ControlL"},
	{LeftAlt, "LeftAlt AltL"},
	{LeftSuper, "LeftSuper SuperL"},
	{LeftHyper, "LeftHyper HyperL"},
	{LeftMeta, "LeftMeta MetaL"},
	{RightShift, "RightShift ShiftR"},
	{RightCtrl, "RightCtrl RightControl ControlR"},
	{RightAlt, "RightAlt AltR"},
	{RightSuper, "RightSuper SuperR"},
	{RightHyper, "RightHyper HyperR"},
	{RightMeta, "RightMeta MetaR"},
	{Level3Shift, "Level3Shift ISOLevel3Shift AltGr"},
	{Level5Shift, "Level5Shift ISOLevel5Shift"},
	{' ', "Space SPC Spacebar"},
	{'!', "Exclam Exclamation"}, {'"', "QuoteDbl DoubleQuote"}, {'#', "NumberSign Hash"},
	{'$', "Dollar"}, {'%', "Percent"}, {'&', "Ampersand"}, {'\'', "Apostrophe Quote"},
	{'(', "ParenLeft"}, {')', "ParenRight"}, {'*', "Asterisk Star"}, {'+', "Plus"},
	{',', "Comma"}, {'-', "Minus Hyphen"}, {'.', "Period Dot"}, {'/', "Slash"},
	{':', "Colon"}, {';', "Semicolon"}, {'<', "Less LT"}, {'=', "Equal"},
	{'>', "Greater GT"}, {'?', "Question"}, {'@', "At"}, {'[', "BracketLeft"},
	{'\\', "Backslash Bslash"}, {']', "BracketRight"}, {'^', "AsciiCircum Caret"},
	{'_', "Underscore"}, {'`', "Grave Backtick Backquote"}, {'{', "BraceLeft"},
	{'|', "Bar Pipe"}, {'}', "BraceRight"}, {'~', "AsciiTilde Tilde"},
}

// madeOf are names for a key together with a modifier.
var madeOf = [...]struct {
	name string
	key  Key
}{
	{"BTab", Key{Tab, Shift}},
	{"BackTab", Key{Tab, Shift}},
	{"ISOLeftTab", Key{Tab, Shift}},
	{"Nul", Key{' ', Ctrl}},
	{"NL", Key{'j', Ctrl}},
	{"LF", Key{'j', Ctrl}},
	{"Linefeed", Key{'j', Ctrl}},
}

// codeName is the canonical name of a key that types no character.
func codeName(c Code) string {
	switch {
	case c >= F1 && c <= F35:
		return "F" + strconv.Itoa(int(c-F1)+1)
	case c >= KP0 && c <= KP9:
		return "KP" + strconv.Itoa(int(c-KP0))
	}
	for _, n := range named {
		if n.code == c {
			name, _, _ := strings.Cut(n.names, " ")
			return name
		}
	}
	return "0x" + strconv.FormatInt(int64(c), 16)
}

// fold makes names comparable.
func fold(s string) string {
	s = strings.ToLower(s)
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' {
			return -1
		}
		return r
	}, s)
}

// table holds every name: by its folded form, and in the order for suggestions.
type table struct {
	keys  map[string]Key
	shown []string
}

var names = sync.OnceValue(func() *table {
	t := &table{keys: make(map[string]Key, 256)}
	add := func(name string, k Key) {
		t.keys[fold(name)] = k
		t.shown = append(t.shown, name)
	}
	for _, n := range named {
		for name := range strings.FieldsSeq(n.names) {
			add(name, Key{Code: n.code})
		}
	}
	for i := range Code(35) {
		add(codeName(F1+i), Key{Code: F1 + i})
	}
	for i := range Code(10) {
		add(codeName(KP0+i), Key{Code: KP0 + i})
		t.keys["numpad"+strconv.Itoa(int(i))] = Key{Code: KP0 + i}
	}
	for _, n := range madeOf {
		add(n.name, n.key)
	}
	return t
})
