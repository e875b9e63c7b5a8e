package dialogue

import (
	"fmt"
	"slices"
)

// cond reads a condition, and within if it may have one.
func (p *parser) cond(l *scanner, who string) (c Cond, within Opt, err *Problem) {
	l.blanks()
	from := l.i
	c.Status = -1
	var seen []string
	for !l.end() {
		kind := l.peek()
		if !slices.Contains(condWords, kind) {
			break
		}
		at := l.i
		l.i += len(kind)
		if slices.Contains(seen, kind) {
			return c, within, l.problem(at, l.i, kind+" is asked for twice", "write two commands, or a regex such as /a(.|\\n)*b/")
		}
		seen = append(seen, kind)
		if kind == "within" {
			if who == "on" || who == "until" {
				return c, within, l.problem(at, l.i, "within is not possible here", "in a select it has a line of its own")
			}
			within, err = p.limit(l)
		} else {
			err = p.condPart(l, kind, &c)
		}
		if err != nil {
			return c, within, err
		}
	}
	if c.empty() {
		if l.end() {
			return c, within, l.problem(from, l.i, "here a condition is missing after "+who, "possible: text \"…\", regex /…/, line /…/, gone \"…\", settled 250ms, cursor R,C, title /…/, prompt, exit [N], file P, port N")
		}
		w, err := l.word()
		if err != nil {
			return c, within, err
		}
		if w.quoted {
			return c, within, l.problem(w.start, w.end, "here the kind of condition is missing", "write: "+who+" text "+clip(l.s[w.start:w.end]))
		}
		return c, within, l.problem(w.start, w.end, fmt.Sprintf("there is no condition %q%s", clip(l.s[w.start:w.end]), didYouMean(w.bare(), condWords)), "possible: text, regex, line, gone, settled, cursor, title, prompt, exit, file, port")
	}
	if c.New && c.Text == nil && c.Regexp == "" {
		return c, within, l.problem(from, l.i, "new goes with text or regex only", "a wait for a prompt means a new one anyway")
	}
	if c.New && c.Line != "" {
		return c, within, l.problem(from, l.i, "new does not go with line", "")
	}
	return c, within, nil
}

// condPart reads what follows one word of a condition.
func (p *parser) condPart(l *scanner, kind string, c *Cond) (err *Problem) {
	switch kind {
	case "new":
		c.New = true
	case "text":
		c.Text, err = p.text(l, "a text")
	case "gone":
		c.Gone, err = p.text(l, "a text")
	case "file":
		c.File, err = p.text(l, "a file")
	case "regex":
		c.Regexp, err = l.regex()
		p.matched = true
	case "line":
		c.Line, err = l.regex()
		p.matched = true
	case "title":
		c.Title, err = l.regex()
	case "settled":
		at := l.i
		if c.Settled, err = p.duration(l); err == nil && c.Settled <= 0 {
			err = l.problem(at+1, l.i, "settled needs a time above zero", "as in: settled 250ms")
		}
	case "prompt":
		c.Prompt = true
	case "cursor":
		c.Cursor = true
		c.Row, c.Col, err = p.pair(l, true, "ROW,COLUMN")
	case "exit":
		c.Exit = true
		if next := l.peek(); next != "" && next[0] >= '0' && next[0] <= '9' {
			c.Status, err = p.number(l, "an exit status", 0, 255)
		}
	case "port":
		c.Port, err = p.number(l, "a port", 1, 65535)
	}
	return err
}

// expect reads an assertion.
func (p *parser) expect(l *scanner) (Op, *Problem) {
	if l.take("screen") {
		return p.expectScreen(l)
	}
	op := &Expect{Not: l.take("not")}
	l.blanks()
	at := l.i
	var err *Problem
	if op.Cond, op.Within, err = p.cond(l, "expect"); err != nil {
		return nil, err
	}
	if !op.Not {
		return op, nil
	}
	if err := notable(l, at, op.Cond); err != nil {
		return nil, err
	}
	if op.Within.Set {
		return nil, l.problem(at, l.i, "expect not is about now and has no within", "to wait for a text to go away: wait gone \"…\" within …")
	}
	return op, nil
}

// notable refuses conditions whose contrary nobody can guess.
func notable(l *scanner, at int, c Cond) *Problem {
	if c.count() > 1 {
		return l.problem(at, l.i, "not goes with one condition only", "write two commands")
	}
	if c.Status >= 0 {
		return l.problem(at, l.i, "not does not go with a status", "not exit means that the program runs")
	}
	return nil
}

func (p *parser) expectScreen(l *scanner) (Op, *Problem) {
	f, err := p.text(l, "a file")
	if err != nil {
		return nil, err
	}
	op := &ExpectScreen{File: f}
	for {
		switch {
		case l.take("mask"):
			m, err := l.regex()
			if err != nil {
				return nil, err
			}
			op.Masks = append(op.Masks, m)
		case !op.Within.Set && l.take("within"):
			if op.Within, err = p.limit(l); err != nil {
				return nil, err
			}
		default:
			return op, nil
		}
	}
}
