package render

import (
	"fmt"

	"github.com/sluicerun/sluice/vt"
)

// named is one switch of a [vt.Modes] with its name in JSON.
type named struct {
	name string
	get  func(*vt.Modes) bool
	set  func(*vt.Modes)
}

func flag(name string, field func(*vt.Modes) *bool) named {
	return named{name, func(m *vt.Modes) bool { return *field(m) }, func(m *vt.Modes) { *field(m) = true }}
}

func mouse(name string, mode vt.MouseMode) named {
	return named{name, func(m *vt.Modes) bool { return m.Mouse == mode }, func(m *vt.Modes) { m.Mouse = mode }}
}

func mouseForm(name string, e vt.MouseEncoding) named {
	return named{name, func(m *vt.Modes) bool { return m.MouseEncoding == e }, func(m *vt.Modes) { m.MouseEncoding = e }}
}

func otherKeys(name string, n uint8) named {
	return named{name, func(m *vt.Modes) bool { return m.ModifyOtherKeys == n }, func(m *vt.Modes) { m.ModifyOtherKeys = n }}
}

func kitty(name string, bit uint8) named {
	return named{name, func(m *vt.Modes) bool { return m.Kitty&bit != 0 }, func(m *vt.Modes) { m.Kitty |= bit }}
}

// modeNames is a function and not a variable, so that a program that never writes
// JSON does not build it when it starts.
func modeNames() []named {
	return []named{
		flag("app-cursor", func(m *vt.Modes) *bool { return &m.AppCursor }),
		flag("app-keypad", func(m *vt.Modes) *bool { return &m.AppKeypad }),
		flag("backarrow-bs", func(m *vt.Modes) *bool { return &m.BackarrowBS }),
		flag("bracketed-paste", func(m *vt.Modes) *bool { return &m.BracketedPaste }),
		flag("focus-events", func(m *vt.Modes) *bool { return &m.FocusEvents }),
		flag("autowrap", func(m *vt.Modes) *bool { return &m.Autowrap }),
		flag("reverse-wrap", func(m *vt.Modes) *bool { return &m.ReverseWrap }),
		flag("origin", func(m *vt.Modes) *bool { return &m.Origin }),
		flag("insert", func(m *vt.Modes) *bool { return &m.Insert }),
		flag("newline", func(m *vt.Modes) *bool { return &m.Newline }),
		flag("reverse-video", func(m *vt.Modes) *bool { return &m.ReverseVideo }),
		flag("left-right-margin", func(m *vt.Modes) *bool { return &m.LeftRightMargin }),
		flag("alt-screen", func(m *vt.Modes) *bool { return &m.AltScreen }),
		flag("sync", func(m *vt.Modes) *bool { return &m.Sync }),
		flag("in-band-resize", func(m *vt.Modes) *bool { return &m.InBandResize }),
		flag("color-scheme", func(m *vt.Modes) *bool { return &m.ColorScheme }),
		flag("alt-scroll", func(m *vt.Modes) *bool { return &m.AltScroll }),
		mouse("mouse-x10", vt.MouseX10),
		mouse("mouse-normal", vt.MouseNormal),
		mouse("mouse-button", vt.MouseButton),
		mouse("mouse-any", vt.MouseAny),
		mouseForm("mouse-utf8", vt.MouseUTF8),
		mouseForm("mouse-sgr", vt.MouseSGR),
		mouseForm("mouse-urxvt", vt.MouseURXVT),
		mouseForm("mouse-sgr-pixel", vt.MouseSGRPixel),
		otherKeys("modify-other-keys-1", 1),
		otherKeys("modify-other-keys-2", 2),
		kitty("kitty-disambiguate", vt.KittyDisambiguate),
		kitty("kitty-events", vt.KittyEvents),
		kitty("kitty-alternates", vt.KittyAlternates),
		kitty("kitty-all-keys", vt.KittyAllKeys),
		kitty("kitty-text", vt.KittyText),
	}
}

// Names by value; the first of each is the one that is left out.
var (
	markNames      = [...]string{"", "prompt", "input", "output", "done"}
	shapeNames     = [...]string{"block", "underline", "bar"}
	underlineNames = [...]string{"", "single", "double", "curly", "dotted", "dashed"}
	attrNames      = [...]string{"bold", "faint", "italic", "blink", "inverse", "invisible", "strike", "overline", "protected"}
)

func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return ""
}

func valueOf[T ~uint8](what string, names []string, name string) (T, error) {
	for i, n := range names {
		if n == name {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("%s %q is not known: there are %q", what, name, names)
}
