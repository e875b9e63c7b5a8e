package dialogue

import (
	"fmt"
	"strconv"
	"strings"
)

// nested reads the commands that have blocks, and knows what to say of a word
// that is no command.
func (p *parser) nested(l *scanner, c *Command, w word, in where) (Op, *Problem) {
	switch name := w.bare(); {
	case name == "if":
		return p.ifElse(l)
	case name == "repeat":
		return p.repeat(l, c.On)
	case name == "select":
		return p.selectOp(l, w)
	case name == "on" && in == inSelect:
		return p.on(l)
	case name == "within" && in == inSelect:
		return p.within(l)
	case name == "on" || name == "within":
		return nil, l.problem(w.start, w.end, name+" stands in a select only", "begin one with: select {")
	case name == "else":
		return nil, l.problem(w.start, w.end, "else stands on the line of the } before it", "as in: } else {")
	case name == "":
		return nil, l.problem(w.start, w.end, "a command is expected, not a text in quotes", "to type it write: type "+clip(l.s[w.start:w.end]))
	default:
		return nil, l.problem(w.start, w.end, fmt.Sprintf("there is no command %q%s", clip(name), didYouMean(strings.ToLower(name), commandNames)), "")
	}
}

func (p *parser) ifElse(l *scanner) (Op, *Problem) {
	op := &If{Not: l.take("not")}
	l.blanks()
	at := l.i
	var err *Problem
	if op.Cond, op.Within, err = p.cond(l, "if"); err != nil {
		return nil, err
	}
	if op.Not {
		if err := notable(l, at, op.Cond); err != nil {
			return nil, err
		}
		if op.Within.Set {
			return nil, l.problem(at, l.i, "if not is about now and has no within", "")
		}
	}
	var closed *scanner
	if op.Then, closed, err = p.body(l, inBlock, true); err != nil {
		return nil, err
	}
	if closed == nil {
		return op, nil
	}
	if !closed.take("else") {
		return op, p.close(&op.Then, closed)
	}
	b, closed, err := p.body(closed, inBlock, false)
	if err != nil {
		return nil, err
	}
	op.Else = &b
	return op, p.close(op.Else, closed)
}

// maxRepeat bounds one repeat.
const maxRepeat = 100_000

func (p *parser) repeat(l *scanner, on string) (Op, *Problem) {
	op := &Repeat{}
	var err *Problem
	if op.N, err = p.number(l, "a number of times", 1, maxRepeat); err != nil {
		return nil, err
	}
	if l.take("until") {
		if !p.programs[on] {
			return nil, l.problem(l.i-len("until"), l.i, "until needs a program, and none was started above", "@NAME repeat means the one started with --as NAME")
		}
		c, _, err := p.cond(l, "until")
		if err != nil {
			return nil, err
		}
		op.Until = &c
	}
	var closed *scanner
	if op.Body, closed, err = p.body(l, inBlock, true); err != nil {
		return nil, err
	}
	return op, p.close(&op.Body, closed)
}

func (p *parser) selectOp(l *scanner, w word) (Op, *Problem) {
	op := &Select{}
	var closed *scanner
	var err *Problem
	problems := len(p.problems)
	p.selects++
	defer func() { p.selects-- }()
	if op.Body, closed, err = p.body(l, inSelect, false); err != nil {
		return nil, err
	}
	ons, withins := 0, 0
	for _, c := range op.Body.Commands {
		if _, is := c.Op.(*On); is {
			ons++
		} else {
			withins++
		}
	}
	if ons == 0 && len(p.problems) == problems {
		return nil, l.problem(w.start, w.end, "this select has no branch", `as in: on text "continue?" press y`)
	}
	if withins > 1 {
		return nil, l.problem(w.start, w.end, "this select has more than one within", "")
	}
	return op, p.close(&op.Body, closed)
}

func (p *parser) on(l *scanner) (Op, *Problem) {
	op := &On{}
	var err *Problem
	if op.Cond, _, err = p.cond(l, "on"); err != nil {
		return nil, err
	}
	var closed *scanner
	if op.Body, closed, err = p.body(l, inBlock, true); err != nil {
		return nil, err
	}
	return op, p.close(&op.Body, closed)
}

func (p *parser) within(l *scanner) (Op, *Problem) {
	limit, err := p.limit(l)
	if err != nil {
		return nil, err
	}
	op := &Within{D: limit.D}
	if l.end() {
		return op, nil
	}
	b, closed, err := p.body(l, inBlock, true)
	if err != nil {
		return nil, err
	}
	op.Body = &b
	return op, p.close(op.Body, closed)
}

func (p *parser) let(l *scanner) (Op, *Problem) {
	name, w, err := p.literal(l, "a variable's name")
	if err != nil {
		return nil, err
	}
	if !isName(name) {
		return nil, l.problem(w.start, w.end, fmt.Sprintf("%q is no variable's name", clip(name)), "it has letters, digits and _, and begins with a letter; the $ is for where it is used")
	}
	if !l.take("=") {
		return nil, l.here("here = is missing", "as in: let "+name+" = match 1")
	}
	op := &Let{Name: name}
	switch {
	case l.take("match"):
		var g word
		if op.Group, g, err = p.literal(l, "a group of the last regular expression"); err != nil {
			return nil, err
		}
		if n, bad := strconv.Atoi(op.Group); (bad != nil || n < 0 || n > 1000 || strconv.Itoa(n) != op.Group) && !isName(op.Group) {
			return nil, l.problem(g.start, g.end, "a group is a number from 0 or a name", "0 is all that matched")
		}
		if !p.matched {
			return nil, l.problem(g.start, g.end, "there is no regular expression above", "wait regex /…/ is one")
		}
	case l.take("env"):
		var e word
		if op.Env, e, err = p.literal(l, "a variable of the environment"); err != nil {
			return nil, err
		}
		if !isName(op.Env) {
			return nil, l.problem(e.start, e.end, "this is no name of a variable of the environment", "")
		}
		if l.take("or") {
			if op.Text, err = p.text(l, "a text"); err != nil {
				return nil, err
			}
		}
	default:
		if op.Text, err = p.text(l, "a text"); err != nil {
			return nil, err
		}
	}
	p.vars[name] = true
	return op, nil
}
