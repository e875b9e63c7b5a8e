package torchargs

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// parser is one reading of a command line.
type parser struct {
	options []option
	names   map[string]*option // by exact name, with dashes
	extra   *pflag.FlagSet     // may be nil
	given   map[string]string  // by option name: the last value on the command line
	unknown []string
}

func newParser(extra *pflag.FlagSet) *parser {
	p := &parser{options: options(), names: map[string]*option{}, extra: extra, given: map[string]string{}}
	for i := range p.options {
		for _, s := range p.options[i].spellings() {
			p.names[s] = &p.options[i]
		}
	}
	return p
}

// Parse reads the words after torchrun's name. getenv looks a variable up as
// os.LookupEnv does. extra, which may be nil, holds the flags that are accepted
// beside torchrun's options; those that are given are set in it, even where Parse
// fails afterwards.
//
// Errors are *UsageError, or pflag.ErrHelp where help was asked for.
func Parse(args []string, getenv func(string) (string, bool), extra *pflag.FlagSet) (*Args, error) {
	p := newParser(extra)
	script, rest, err := p.walk(args)
	if err != nil {
		return nil, err
	}
	a := &Args{Script: script, ScriptArgs: rest, Given: map[string]bool{}}
	if err := a.fill(p, getenv); err != nil {
		return nil, err
	}
	if err := a.meet(); err != nil {
		return nil, err
	}
	return a, nil
}

// walk takes the options up to the script, as argparse does: the first word that
// is no option and no option's value is the script, and nothing after it is read.
func (p *parser) walk(args []string) (script string, rest []string, err error) {
	i, dashes := 0, false
	for i < len(args) {
		word := args[i]
		if word == "--" {
			dashes = true
			i++
			break
		}
		m, isOption, err := p.match(word)
		if err != nil {
			return "", nil, err
		}
		if !isOption {
			break
		}
		i++
		if m.none() {
			p.unknown = append(p.unknown, word)
			continue
		}
		used, err := p.consume(m, args[i:])
		if err != nil {
			return "", nil, err
		}
		i += used
	}
	if len(p.unknown) > 0 {
		return "", nil, usagef(p.suggestion(p.unknown[0]), "unrecognized arguments: %s", strings.Join(p.unknown, " "))
	}
	if i == len(args) {
		return "", nil, usagef("write the script after the options: --nproc-per-node 4 train.py",
			"the following arguments are required: training_script")
	}
	script, rest = args[i], args[i+1:]
	// argparse lets a positional swallow the one "--" next to it.
	if !dashes && len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	return script, rest, nil
}

// consume takes an option, with its value where it has one, and tells how many
// of the following words were needed.
func (p *parser) consume(m match, following []string) (used int, err error) {
	for {
		switch {
		case m.takesValue() && m.hasValue:
			return 0, p.set(m.target, m.value)
		case m.takesValue():
			if len(following) == 0 || following[0] == "--" {
				return 0, usagef("", "argument %s: expected one argument", m.title())
			}
			if _, isOption, err := p.match(following[0]); isOption || err != nil {
				return 0, usagef("a value that begins with a dash is written "+m.name()+"="+following[0],
					"argument %s: expected one argument", m.title())
			}
			return 1, p.set(m.target, following[0])
		case !m.hasValue:
			return 0, p.set(m.target, m.implied())
		case m.equals && m.flag != nil:
			return 0, p.set(m.target, m.value)
		}
		// -mr3: letters that take nothing, then perhaps one that does.
		next := target{}
		if m.short && !m.equals {
			next = p.exact("-" + m.value[:1])
		}
		if next.none() {
			return 0, usagef("", "argument %s: ignored explicit argument %s: it takes none", m.title(), shown(m.value))
		}
		if err := p.set(m.target, m.implied()); err != nil {
			return 0, err
		}
		value := m.value[1:]
		m = match{target: next, short: true, value: value, hasValue: value != ""}
		if v, ok := strings.CutPrefix(value, "="); ok {
			m.value, m.equals = v, true
		}
	}
}

// set takes one value. A value is looked at even where a later one wins.
func (p *parser) set(t target, value string) error {
	if t.flag != nil {
		err := p.extra.Set(t.flag.Name, value)
		if err == nil {
			return nil
		}
		// The flag library's frame names the flag a second time.
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			err = invalid.Unwrap()
		}
		return usagef("", "argument %s: %v", t.title(), err)
	}
	if t.opt.kind == help {
		return pflag.ErrHelp
	}
	v := setting{opt: t.opt, from: t.opt.title(), text: value}
	if err := v.check(); err != nil {
		return err
	}
	p.given[t.opt.name] = value
	return nil
}
