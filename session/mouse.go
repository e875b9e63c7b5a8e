package session

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/keys"
)

// mouseAtoms turns something done with the mouse into what is written. The place
// is looked up when its turn comes: the screen may change until then.
func (s *Session) mouseAtoms(m Mouse) ([]atom, error) {
	k := keys.Mouse{X: m.X - 1, Y: m.Y - 1, Count: m.Count}
	if m.Action == "drag" {
		k.ToX, k.ToY = m.ToX-1, m.ToY-1
	}
	if err := mouseAction(&k, m); err != nil {
		return nil, err
	}
	for _, name := range m.Mods {
		switch strings.ToLower(name) {
		case "shift":
			k.Mods |= keys.Shift
		case "alt", "meta":
			k.Mods |= keys.Alt
		case "ctrl", "control":
			k.Mods |= keys.Ctrl
		default:
			return nil, &RefusedError{Why: fmt.Sprintf("the mouse has no modifier %q", name), Hint: "it has Ctrl, Alt and Shift"}
		}
	}
	make := func() ([]byte, error) {
		k := k
		if m.On != "" {
			x, y, ok := s.find(m.On)
			if !ok {
				return nil, &RefusedError{Why: fmt.Sprintf("the text %q is not on the screen", m.On), Hint: "wait for it first: sluice wait RUN --text"}
			}
			k.X, k.Y = x, y
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		cols, rows := s.vt.Size()
		for _, at := range [][2]int{{k.X, k.Y}, {k.ToX, k.ToY}} { // the latter is 0, 0 unless it is a drag
			if x, y := at[0], at[1]; x < 0 || y < 0 || x >= cols || y >= rows {
				return nil, &RefusedError{Why: fmt.Sprintf("column %d, row %d is not on the screen, which has %d columns and %d rows", x+1, y+1, cols, rows),
					Hint: "they are counted from 1,1 at the top left"}
			}
		}
		if s.size.XPixel > 0 && s.size.YPixel > 0 {
			k.CellWidth, k.CellHeight = int(s.size.XPixel)/cols, int(s.size.YPixel)/rows
		}
		return k.Encode(s.vt.Modes())
	}
	if _, err := make(); err != nil {
		return nil, err
	}
	return []atom{{make: make}}, nil
}

func mouseAction(k *keys.Mouse, m Mouse) error {
	switch strings.ToLower(m.Button) {
	case "", "left":
		k.Button = keys.LeftButton
	case "middle":
		k.Button = keys.MiddleButton
	case "right":
		k.Button = keys.RightButton
	case "none":
		k.Button = keys.NoButton
	default:
		return &RefusedError{Why: fmt.Sprintf("the mouse has no button %q", m.Button), Hint: "it has left, middle and right"}
	}
	switch m.Action {
	case "click", "":
		k.Action = keys.MouseClick
	case "press":
		k.Action = keys.MousePress
	case "release":
		k.Action = keys.MouseRelease
	case "move":
		k.Action = keys.MouseMove
		if m.Button == "" {
			k.Button = keys.NoButton
		}
	case "drag":
		k.Action = keys.MouseDrag
	case "scroll-up":
		k.Action, k.Button = keys.MouseScroll, keys.WheelUp
	case "scroll-down":
		k.Action, k.Button = keys.MouseScroll, keys.WheelDown
	case "scroll-left":
		k.Action, k.Button = keys.MouseScroll, keys.WheelLeft
	case "scroll-right":
		k.Action, k.Button = keys.MouseScroll, keys.WheelRight
	default:
		return &RefusedError{Why: fmt.Sprintf("the mouse cannot %q", m.Action),
			Hint: "it can click, press, release, move, drag, scroll-up, scroll-down, scroll-left and scroll-right"}
	}
	return nil
}

// encode is what a key becomes in the program's current modes.
func (s *Session) encode(k keys.Key, approximate bool) ([]byte, error) {
	return k.EncodeWith(s.modes(), keys.EncodeOptions{Approximate: approximate})
}
