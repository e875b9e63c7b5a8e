package keys

import (
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// MouseButton is a button of the mouse or a turn of its wheel.
type MouseButton uint8

// The buttons. NoButton is for movement with none held.
const (
	NoButton MouseButton = iota
	LeftButton
	MiddleButton
	RightButton
	WheelUp
	WheelDown
	WheelLeft
	WheelRight
	Button8 // "back"
	Button9 // "forward"
	Button10
	Button11
)

// MouseAction is what the mouse does.
type MouseAction uint8

// The actions.
const (
	MousePress MouseAction = iota
	MouseRelease
	MouseMove   // to X, Y, with Button held or NoButton
	MouseClick  // press and release
	MouseDrag   // press at X, Y, move to ToX, ToY, release there
	MouseScroll // Count notches of the wheel; Button is WheelUp ... WheelRight
)

// MaxScroll is the largest Count of one scroll.
const MaxScroll = 10_000

// Mouse is one thing done with the mouse.
type Mouse struct {
	Button MouseButton
	Action MouseAction
	// X and Y are the column and the row, from 0; ToX and ToY those at which a
	// drag ends.
	X, Y, ToX, ToY int
	// Mods may be Shift, Alt and Ctrl; terminals tell no others.
	Mods Mods
	// Count is how often a scroll goes on; 0 means 1.
	Count int
	// CellWidth and CellHeight are the size of a cell in pixels, for programs
	// that asked for pixels (mode 1016): the mouse is in the middle of its cell.
	CellWidth, CellHeight int
}

// Encode returns the reports that a terminal in the modes m sends. The error is
// an [*Error] if the program did not ask for the mouse or not for this action,
// or if its form of reports cannot hold the place.
//
// In mode 1007 on the alternate screen, when the program did not ask for the
// mouse, a scroll becomes one cursor key for every notch.
//
// The forms are those of "Mouse Tracking" in xterm's control sequences.
func (e Mouse) Encode(m vt.Modes) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	if m.Mouse == vt.MouseOff {
		if e.Action == MouseScroll && m.AltScroll && m.AltScreen {
			return e.cursorKeys(m)
		}
		return nil, &Error{Why: "cannot send the mouse: the program did not ask for it", Hint: "send keys, or wait until the program has switched a mouse mode on"}
	}
	if e.Mods&^(Shift|Alt|Ctrl) != 0 {
		return nil, &Error{Why: "cannot send the mouse with " + (e.Mods &^ (Shift | Alt | Ctrl)).String() + ": its reports know only Shift, Alt and Ctrl"}
	}
	r := reporter{m: m, e: e}
	switch e.Action {
	case MousePress, MouseRelease, MouseMove:
		r.report(e.Action, e.X, e.Y)
	case MouseClick:
		r.report(MousePress, e.X, e.Y)
		if m.Mouse != vt.MouseX10 {
			r.report(MouseRelease, e.X, e.Y)
		}
	case MouseDrag:
		r.report(MousePress, e.X, e.Y)
		if m.Mouse >= vt.MouseButton && (e.X != e.ToX || e.Y != e.ToY) {
			r.report(MouseMove, e.ToX, e.ToY)
		}
		r.report(MouseRelease, e.ToX, e.ToY)
	case MouseScroll:
		for range max(e.Count, 1) {
			r.report(MousePress, e.X, e.Y)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.out, nil
}

// check looks for what no mouse can do.
func (e Mouse) check() error {
	wheel := e.Button >= WheelUp && e.Button <= WheelRight
	switch {
	case e.Button > Button11 || e.Action > MouseScroll:
		return &Error{Why: "there is no such button or action of a mouse"}
	case e.X < 0 || e.Y < 0 || e.ToX < 0 || e.ToY < 0:
		return &Error{Why: "the mouse cannot be outside of the screen: columns and rows begin at 0"}
	case e.Action == MouseScroll && !wheel:
		return &Error{Why: "only the wheel scrolls", Hint: "the buttons are WheelUp, WheelDown, WheelLeft and WheelRight"}
	case e.Action != MouseScroll && e.Action != MousePress && wheel:
		return &Error{Why: "the wheel is only turned: it has no release, click or drag", Hint: "scroll with it"}
	case e.Button == NoButton && e.Action != MouseMove:
		return &Error{Why: "no button of the mouse is named"}
	case e.Count < 0 || e.Count > MaxScroll:
		return &Error{Why: "cannot scroll " + strconv.Itoa(e.Count) + " times: the number must be 1 to " + strconv.Itoa(MaxScroll)}
	}
	return nil
}

// cursorKeys is for mode 1007.
func (e Mouse) cursorKeys(m vt.Modes) ([]byte, error) {
	k := Key{Code: Up}
	switch e.Button {
	case WheelDown:
		k.Code = Down
	case WheelLeft, WheelRight:
		return nil, &Error{Why: "cannot scroll sideways: the program asked for the wheel as cursor keys, which only go up and down"}
	}
	one, err := k.Encode(m)
	if err != nil {
		return nil, err
	}
	var out []byte
	for range max(e.Count, 1) {
		out = append(out, one...)
	}
	return out, nil
}

// String joins the modifiers' names with "+".
func (m Mods) String() string {
	s := ""
	for i, mod := range modOrder {
		if m&mod != 0 {
			if s != "" {
				s += "+"
			}
			s += modNames[i]
		}
	}
	return s
}

// Focus returns the report that the window got or lost the focus; it is an error
// if the program did not ask for it (mode 1004).
func Focus(in bool, m vt.Modes) ([]byte, error) {
	switch {
	case !m.FocusEvents:
		return nil, &Error{Why: "cannot send a change of focus: the program did not ask for it"}
	case in:
		return []byte("\x1b[I"), nil
	}
	return []byte("\x1b[O"), nil
}
