package torchargs

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// target is what a name stands for: an option, a flag, or neither.
type target struct {
	opt  *option
	flag *pflag.Flag
}

func (t target) none() bool { return t.opt == nil && t.flag == nil }

func (t target) takesValue() bool {
	if t.opt != nil {
		return t.opt.takesValue()
	}
	return t.flag.NoOptDefVal == ""
}

// implied is the value of what takes none.
func (t target) implied() string {
	if t.flag != nil {
		return t.flag.NoOptDefVal
	}
	return ""
}

// name is the full name of what was named, title what errors call it.
func (t target) name() string {
	if t.opt != nil {
		return "--" + t.opt.name
	}
	return "--" + t.flag.Name
}

func (t target) title() string {
	if t.opt != nil {
		return t.opt.title()
	}
	return t.name()
}

// match is one word of the command line as an option.
type match struct {
	target
	// short: it was named by one letter, so that more letters may follow.
	short bool
	// value came in the same word, after "=" if equals is set.
	value            string
	hasValue, equals bool
}

// match reads a word as argparse does. isOption is false for what argparse takes
// for an argument; a match of nothing is an unknown option.
func (p *parser) match(word string) (m match, isOption bool, err error) {
	if len(word) < 2 || word[0] != '-' {
		return m, false, nil
	}
	if t := p.exact(word); !t.none() {
		return match{target: t, short: word[1] != '-'}, true, nil
	}
	name, value, equals := strings.Cut(word, "=")
	if t := p.exact(name); equals && !t.none() {
		return match{target: t, short: word[1] != '-', value: value, hasValue: true, equals: true}, true, nil
	}
	if word[1] != '-' {
		// A letter with the rest of the word as its value, or more letters.
		if t := p.exact(word[:2]); !t.none() {
			return match{target: t, short: true, value: word[2:], hasValue: true}, true, nil
		}
	} else {
		t, err := p.beginning(name)
		if err != nil || !t.none() {
			return match{target: t, value: value, hasValue: equals, equals: equals}, true, err
		}
	}
	if looksNegative(word) || strings.Contains(word, " ") {
		return m, false, nil
	}
	return m, true, nil
}

// exact finds a full name, with its dashes. torchrun's meaning comes first.
func (p *parser) exact(name string) target {
	if o := p.names[name]; o != nil {
		return target{opt: o}
	}
	if p.extra == nil || len(name) < 2 {
		return target{}
	}
	if name[1] != '-' {
		if len(name) != 2 {
			return target{}
		}
		return target{flag: p.extra.ShorthandLookup(name[1:])}
	}
	if len(name) == 2 {
		return target{}
	}
	return target{flag: p.extra.Lookup(name[2:])}
}

// beginning finds what a name is the beginning of: an option of torchrun, or if
// there is none something else.
func (p *parser) beginning(prefix string) (target, error) {
	var theirs, others []target
	for i := range p.options {
		o := &p.options[i]
		if !slices.ContainsFunc(o.spellings(), func(s string) bool { return strings.HasPrefix(s, prefix) }) {
			continue
		}
		if o.ours {
			others = append(others, target{opt: o})
		} else {
			theirs = append(theirs, target{opt: o})
		}
	}
	p.visitFlags(func(f *pflag.Flag) {
		if strings.HasPrefix("--"+f.Name, prefix) {
			others = append(others, target{flag: f})
		}
	})
	found := theirs
	if len(found) == 0 {
		found = others
	}
	switch len(found) {
	case 0:
		return target{}, nil
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = t.name()
	}
	return target{}, usagef("write the name in full", "ambiguous option: %s could match %s", prefix, strings.Join(names, ", "))
}

// visitFlags goes over the flags beside torchrun's that can be named: a name
// that torchrun has is torchrun's.
func (p *parser) visitFlags(fn func(*pflag.Flag)) {
	if p.extra == nil {
		return
	}
	p.extra.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && p.names["--"+f.Name] == nil {
			fn(f)
		}
	})
}

// longNames are the names a typo may have meant.
func (p *parser) longNames() []string {
	var names []string
	for i := range p.options {
		names = append(names, "--"+p.options[i].name)
	}
	p.visitFlags(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return names
}
