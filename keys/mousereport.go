package keys

import (
	"strconv"

	"github.com/sluicerun/sluice/vt"
)

// reporter writes reports one after the other until one fails.
type reporter struct {
	m   vt.Modes
	e   Mouse
	out []byte
	err error
}

// The bits of a report's first number.
const (
	mouseShift  = 4
	mouseAlt    = 8
	mouseCtrl   = 16
	mouseMotion = 32
	mouseNone   = 3 // no button, or a release where the form cannot say of which
)

// buttonCode is the number of a button before modifiers are added.
func buttonCode(b MouseButton) int {
	switch {
	case b == NoButton:
		return mouseNone
	case b <= RightButton:
		return int(b - LeftButton)
	case b <= WheelRight:
		return 64 + int(b-WheelUp)
	}
	return 128 + int(b-Button8)
}

func (r *reporter) report(a MouseAction, x, y int) {
	if r.err == nil {
		r.err = r.one(a, x, y)
	}
}

func (r *reporter) one(a MouseAction, x, y int) error {
	if err := r.asked(a); err != nil {
		return err
	}
	code := buttonCode(r.e.Button)
	if a == MouseRelease && r.m.MouseEncoding != vt.MouseSGR && r.m.MouseEncoding != vt.MouseSGRPixel {
		code = mouseNone
	}
	if a == MouseMove {
		code += mouseMotion
	}
	if r.m.Mouse != vt.MouseX10 { // which knows no modifiers
		for _, b := range [...]struct {
			mod Mods
			bit int
		}{{Shift, mouseShift}, {Alt, mouseAlt}, {Ctrl, mouseCtrl}} {
			if r.e.Mods&b.mod != 0 {
				code += b.bit
			}
		}
	}
	return r.write(a, code, x, y)
}

// asked tells why the program does not want to hear of the action.
func (r *reporter) asked(a MouseAction) error {
	switch {
	case a == MouseRelease && r.m.Mouse == vt.MouseX10:
		return &Error{Why: "cannot release a button: the program asked for presses only (mode 9)"}
	case a == MouseMove && r.m.Mouse < vt.MouseButton:
		return &Error{Why: "cannot move the mouse: the program asked for its buttons only", Hint: "movement is told in the modes 1002 (with a button held) and 1003"}
	case a == MouseMove && r.m.Mouse == vt.MouseButton && r.e.Button == NoButton:
		return &Error{Why: "cannot move the mouse: the program asked for movement with a button held only (mode 1002)", Hint: "name the button, or drag"}
	}
	return nil
}

func (r *reporter) write(a MouseAction, code, x, y int) error {
	switch r.m.MouseEncoding {
	case vt.MouseSGR, vt.MouseSGRPixel:
		final := byte('M')
		if a == MouseRelease {
			final = 'm'
		}
		if r.m.MouseEncoding == vt.MouseSGRPixel {
			w, h := r.e.CellWidth, r.e.CellHeight
			if w <= 0 || h <= 0 {
				return &Error{Why: "cannot send the mouse: the program wants its place in pixels (mode 1016), and the size of a cell is not known"}
			}
			x, y = x*w+w/2, y*h+h/2
		}
		r.numbers("\x1b[<", code, x+1, y+1, final)
	case vt.MouseURXVT:
		r.numbers("\x1b[", code+32, x+1, y+1, 'M')
	default:
		// Bytes hold up to 255, two-byte characters up to 2047.
		most, mode := 255-33, "its old form of reports"
		if r.m.MouseEncoding == vt.MouseUTF8 {
			most, mode = 2047-33, "its form of reports (mode 1005)"
		}
		if x > most || y > most {
			return &Error{
				Why:  "cannot send the mouse at column " + strconv.Itoa(x) + ", row " + strconv.Itoa(y) + ": the program asked for " + mode + ", which end at " + strconv.Itoa(most),
				Hint: "columns and rows begin at 0",
			}
		}
		r.out = append(r.out, "\x1b[M"...)
		for _, v := range [...]int{code + 32, x + 33, y + 33} {
			if r.m.MouseEncoding == vt.MouseUTF8 {
				r.out = append(r.out, string(rune(v))...)
			} else {
				r.out = append(r.out, byte(v))
			}
		}
	}
	return nil
}

func (r *reporter) numbers(intro string, code, x, y int, final byte) {
	r.out = append(r.out, intro...)
	r.out = strconv.AppendInt(r.out, int64(code), 10)
	r.out = strconv.AppendInt(append(r.out, ';'), int64(x), 10)
	r.out = strconv.AppendInt(append(r.out, ';'), int64(y), 10)
	r.out = append(r.out, final)
}
