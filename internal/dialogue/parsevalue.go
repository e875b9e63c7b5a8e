package dialogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// duration takes a time such as 250ms.
func (p *parser) duration(l *scanner) (time.Duration, *Problem) {
	s, w, err := p.literal(l, "a time")
	if err != nil {
		return 0, err
	}
	d, bad := time.ParseDuration(s)
	switch {
	case bad != nil && strings.Trim(s, "0123456789.") == "":
		return 0, l.problem(w.start, w.end, fmt.Sprintf("the time %q has no unit", clip(s)), "write "+clip(s)+"s or "+clip(s)+"ms")
	case bad != nil:
		return 0, l.problem(w.start, w.end, fmt.Sprintf("%q is no time", clip(s)), "as in 250ms, 1.5s or 2m")
	case d < 0:
		return 0, l.problem(w.start, w.end, "a time below zero", "")
	}
	return d, nil
}

// limit takes a time or "forever".
func (p *parser) limit(l *scanner) (Opt, *Problem) {
	if l.take("forever") {
		return Opt{Set: true, D: -1}, nil
	}
	d, err := p.duration(l)
	return Opt{Set: true, D: d}, err
}

func (p *parser) number(l *scanner, what string, low, high int) (int, *Problem) {
	s, w, err := p.literal(l, what)
	if err != nil {
		return 0, err
	}
	n, bad := strconv.Atoi(s)
	if bad != nil || n < low || n > high {
		return 0, l.problem(w.start, w.end, fmt.Sprintf("%q is not %s", clip(s), what), fmt.Sprintf("a whole number from %d to %d", low, high))
	}
	return n, nil
}

// maxCells bounds rows and columns: a size of a terminal is 16 bits.
const maxCells = 65535

// pair takes "A,B", two numbers from 1; with stars, * is anything.
func (p *parser) pair(l *scanner, stars bool, shape string) (int, int, *Problem) {
	s, w, err := p.literal(l, shape)
	if err != nil {
		return 0, 0, err
	}
	a, b, ok := strings.Cut(s, ",")
	x, okX := cell(a, stars)
	y, okY := cell(b, stars)
	if !ok || !okX || !okY || x+y == 0 {
		return 0, 0, l.problem(w.start, w.end, fmt.Sprintf("%q is not %s", clip(s), shape), "two numbers from 1, without a blank, as in 3,10")
	}
	return x, y, nil
}

func cell(s string, star bool) (int, bool) {
	if star && s == "*" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= maxCells
}

// size takes "80x24".
func (p *parser) size(l *scanner) (Size, *Problem) {
	s, w, err := p.literal(l, "a size")
	if err != nil {
		return Size{}, err
	}
	a, b, ok := strings.Cut(s, "x")
	cols, okC := cell(a, false)
	rows, okR := cell(b, false)
	if !ok || !okC || !okR || cols > maxSize || rows > maxSize {
		return Size{}, l.problem(w.start, w.end, fmt.Sprintf("%q is no size", clip(s)), fmt.Sprintf("columns and rows, 1 to %d, as in 80x24", maxSize))
	}
	return Size{cols, rows}, nil
}

// maxSize bounds the terminals of scripts: every cell takes memory.
const maxSize = 2000

// env takes K=V.
func (p *parser) env(l *scanner) (Text, *Problem) {
	l.blanks()
	from := l.i
	t, err := p.text(l, "a variable, K=V,")
	if err != nil {
		return nil, err
	}
	k, _, ok := strings.Cut(t[0].Lit, "=")
	if t[0].Var != "" || !ok || k == "" {
		return nil, l.problem(from, l.i, "this is not K=V", `as in LANG=C or "GREETING=two words"`)
	}
	for _, part := range t {
		if strings.ContainsRune(part.Lit, 0) {
			return nil, l.problem(from, l.i, "a variable of the environment cannot contain a NUL", "")
		}
	}
	return t, nil
}

var settings = []string{"timeout", "typing", "size", "env"}

func (p *parser) set(l *scanner) (Op, *Problem) {
	name, w, err := p.literal(l, "a setting")
	if err != nil {
		return nil, err
	}
	op := &Set{Name: name}
	switch name {
	case "timeout":
		var o Opt
		o, err = p.limit(l)
		op.D = o.D
		if err == nil && op.D == 0 {
			err = l.problem(w.start, l.i, "a timeout of zero: no wait could succeed", "for what must hold now there is expect")
		}
	case "typing":
		if op.D, err = p.duration(l); err == nil && l.take("jitter") {
			op.Jitter, err = p.percent(l)
		}
	case "size":
		op.Size, err = p.size(l)
	case "env":
		op.Env, err = p.env(l)
	default:
		return nil, l.problem(w.start, w.end, fmt.Sprintf("there is no setting %q%s", clip(name), didYouMean(name, settings)), "possible: "+strings.Join(settings, ", "))
	}
	return op, err
}

func (p *parser) percent(l *scanner) (Jitter, *Problem) {
	s, w, err := p.literal(l, "a share")
	if err != nil {
		return 0, err
	}
	n, bad := strconv.Atoi(strings.TrimSuffix(s, "%"))
	if bad != nil || n < 1 || n > 100 || !strings.HasSuffix(s, "%") {
		return 0, l.problem(w.start, w.end, fmt.Sprintf("%q is no share of the pace", clip(s)), "from 1% to 100%")
	}
	return Jitter(n), nil
}

var (
	mouseActions = []string{"click", "press", "release", "move", "drag", "scroll-up", "scroll-down"}
	mouseButtons = []string{"left", "middle", "right"}
	mouseMods    = []string{"Ctrl", "Alt", "Shift"}
)

func (p *parser) mouse(l *scanner) (Op, *Problem) {
	op := &Mouse{}
	action, w, err := p.literal(l, "what the mouse does")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(mouseActions, action) {
		return nil, l.problem(w.start, w.end, fmt.Sprintf("the mouse cannot %q%s", clip(action), didYouMean(action, mouseActions)), "possible: "+strings.Join(mouseActions, ", "))
	}
	op.Do.Action = action
	err = p.options(l, []string{"button", "mods", "count"}, func(name string) *Problem {
		switch name {
		case "button":
			s, w, err := p.literal(l, "a button")
			if err == nil && !slices.Contains(mouseButtons, s) {
				err = l.problem(w.start, w.end, fmt.Sprintf("there is no button %q%s", clip(s), didYouMean(s, mouseButtons)), "possible: "+strings.Join(mouseButtons, ", "))
			}
			op.Do.Button = s
			return err
		case "mods":
			s, w, err := p.literal(l, "keys that are held")
			if err != nil {
				return err
			}
			for _, m := range strings.Split(s, "+") {
				i := slices.IndexFunc(mouseMods, func(known string) bool { return strings.EqualFold(known, m) })
				if i < 0 || slices.Contains(op.Do.Mods, mouseMods[max(i, 0)]) {
					return l.problem(w.start, w.end, fmt.Sprintf("%q are no keys that can be held", clip(s)), "as in Ctrl+Shift")
				}
				op.Do.Mods = append(op.Do.Mods, mouseMods[i])
			}
			return nil
		}
		var err *Problem
		op.Do.Count, err = p.number(l, "a number of clicks", 1, 100)
		return err
	})
	if err != nil {
		return nil, err
	}
	return op, p.mouseWhere(l, op)
}

// mouseWhere reads the place that is meant.
func (p *parser) mouseWhere(l *scanner, op *Mouse) (err *Problem) {
	if l.end() {
		return l.here("here a place is missing", `COLUMN,ROW from 1, or a "text" on the screen`)
	}
	if c := l.s[l.i]; c == '"' || c == '\'' {
		from := l.i
		if op.On, err = p.text(l, "a text"); err != nil {
			return err
		}
		for _, part := range op.On {
			if !utf8.ValidString(part.Lit) {
				return l.problem(from, l.i, "the text is not UTF-8", "")
			}
		}
	} else if op.Do.X, op.Do.Y, err = p.pair(l, false, "COLUMN,ROW"); err != nil {
		return err
	}
	if op.Do.Action != "drag" {
		return nil
	}
	if !l.take("to") {
		return l.here("here the end of the drag is missing", "as in: mouse drag 3,5 to 10,5")
	}
	op.Do.ToX, op.Do.ToY, err = p.pair(l, false, "COLUMN,ROW")
	return err
}
