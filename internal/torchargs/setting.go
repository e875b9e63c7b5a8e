package torchargs

import (
	"slices"
	"strings"
	"time"
)

// setting is the value of an option, and where it came from.
type setting struct {
	opt  *option
	text string
	// from is the option's title, a variable's name, or "" for the default.
	from string
	on   bool // of an option that is on or off
}

// errorf is a mistake in the value, named by where it came from.
func (v setting) errorf(hint, format string, args ...any) *UsageError {
	e := usagef(hint, format, args...)
	switch {
	case strings.HasPrefix(v.from, "-"):
		e.Text = "argument " + v.from + ": " + e.Text
	case v.from != "":
		e.Text = v.from + ": " + e.Text
	default: // a default that somebody else's setting made wrong
		e.Text = "argument " + v.opt.title() + ": " + e.Text
	}
	return e
}

// check is what argparse checks while it reads.
func (v setting) check() error {
	switch v.opt.kind {
	case integer:
		_, err := v.int()
		return err
	case number:
		_, err := v.float()
		return err
	}
	// Only what stands on the command line is held against the choices.
	if c := v.opt.choices; c != nil && strings.HasPrefix(v.from, "-") && !slices.Contains(c, v.text) {
		return v.errorf("", "invalid choice: %s (choose from %s)", shown(v.text), strings.Join(c, ", "))
	}
	return nil
}

func (v setting) int() (int, error) {
	n, err := parseInt(v.text)
	return n, v.number("int", err)
}

func (v setting) float() (float64, error) {
	f, err := parseFloat(v.text)
	return f, v.number("float", err)
}

// number words the mistake in a number.
func (v setting) number(kind string, err error) error {
	switch err {
	case nil:
		return nil
	case errNumber:
		return v.errorf("", "invalid %s value: %s", kind, shown(v.text))
	}
	return v.errorf("", "invalid %s value: %s: %v", kind, shown(v.text), err)
}

// count is an int of at least 0.
func (v setting) count() (int, error) {
	n, err := v.int()
	if err == nil && n < 0 {
		err = v.errorf("", "%d is negative", n)
	}
	return n, err
}

// seconds is a number of seconds of at least 0.
func (v setting) seconds() (time.Duration, error) {
	if v.opt.kind == integer {
		if _, err := v.int(); err != nil {
			return 0, err
		}
	}
	f, err := v.float()
	if err != nil {
		return 0, err
	}
	d, err := seconds(f)
	if err != nil {
		return 0, v.errorf("", "invalid number of seconds %s: %v", shown(v.text), err)
	}
	return d, nil
}

// lookup finds the setting of an option: the command line's, else its PET_
// variable's, else its other variable's, else the default. given is false for
// the last two.
func (p *parser) lookup(o *option, getenv func(string) (string, bool)) (v setting, given bool, err error) {
	v = setting{opt: o, text: o.def}
	text, typed := p.given[o.name]
	if name := o.variable(); name != "" {
		if s, ok := getenv(name); ok {
			v.text, v.from, given = s, name, true
			if o.kind == onOff {
				// torchrun reads this one even where the command line decides.
				n, err := parseInt(s)
				if err != nil {
					return v, true, usagef("an on/off option is 1 or 0 in its variable, or unset",
						"%s: invalid int value: %s", name, shown(s))
				}
				v.on = n != 0
			}
		}
	}
	switch {
	case typed:
		return setting{opt: o, text: text, from: o.title(), on: o.kind == onOff}, true, nil
	case !given && o.fallback != "":
		if s, ok := getenv(o.fallback); ok {
			v.text, v.from = s, o.fallback
		}
	}
	return v, given, nil
}
