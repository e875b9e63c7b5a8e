package dialogue

import (
	"fmt"
	"slices"
)

// commandNames are the commands, for suggestions.
var commandNames = []string{
	"run", "shell", "type", "line", "press", "paste", "raw", "secret", "mouse", "resize", "eof", "signal", "wait", "expect",
	"sleep", "set", "screenshot", "mark", "hide", "show", "echo", "fail", "require", "output", "include", "repeat", "if", "select", "let", "again",
}

// needsProgram are the commands that mean a program.
var needsProgram = []string{"type", "line", "press", "paste", "raw", "secret", "mouse", "resize", "eof", "signal", "wait", "expect", "screenshot", "mark", "hide", "show", "repeat", "if", "select"}

// op reads what follows a command's name.
func (p *parser) op(l *scanner, c *Command, w word, in where) (Op, *Problem) {
	name := w.bare()
	if c.On != "" && !slices.Contains(needsProgram, name) && (slices.Contains(commandNames, name) || in == inSelect) {
		return nil, l.problem(w.start, w.end, name+" is not about one program", "leave @"+c.On+" away")
	}
	if slices.Contains(needsProgram, name) && !p.programs[c.On] && name != "repeat" && name != "hide" && name != "show" {
		why, hint := "no program was started above", "begin with run COMMAND or shell bash"
		if others := keysOf(p.programs); len(others) > 0 {
			why, hint = "no program was started without --as", "to mean the one started with --as, write @"+others[0]+" "+name
		}
		return nil, l.problem(w.start, w.end, why, hint)
	}
	switch name {
	case "run", "shell":
		return p.start(l, name)
	case "type", "line":
		return p.typing(l, name == "line")
	case "press":
		return p.press(l)
	case "paste":
		return p.paste(l)
	case "raw":
		t, err := p.text(l, "a text")
		return &Raw{t}, err
	case "secret":
		return p.secret(l)
	case "mouse":
		return p.mouse(l)
	case "resize":
		s, err := p.size(l)
		return &Resize{s}, err
	case "eof":
		return &EOF{}, nil
	case "signal":
		return p.signal(l)
	case "wait":
		cond, within, err := p.cond(l, "wait")
		return &Wait{cond, within}, err
	case "expect":
		return p.expect(l)
	case "sleep":
		d, err := p.duration(l)
		return &Sleep{d}, err
	case "set":
		return p.set(l)
	case "screenshot":
		return p.screenshot(l)
	case "mark":
		t, err := p.text(l, "a label")
		return &Mark{t}, err
	case "hide":
		return &Hide{}, nil
	case "show":
		return &Show{}, nil
	case "echo":
		t, err := p.text(l, "a text")
		return &Echo{t}, err
	case "fail":
		t, err := p.text(l, "a text")
		return &Fail{t}, err
	case "require":
		return p.require(l)
	case "output":
		return p.output(l)
	case "include":
		f, err := l.need("the name of a script")
		if err != nil {
			return nil, err
		}
		return p.include(l, f)
	case "let":
		return p.let(l)
	case "again":
		if p.selects == 0 {
			return nil, l.problem(w.start, w.end, "again stands in a branch of a select only", "to do something several times there is repeat")
		}
		return &Again{}, nil
	}
	return p.nested(l, c, w, in)
}

// text takes a word that may have variables.
func (p *parser) text(l *scanner, what string) (Text, *Problem) {
	w, err := l.need(what)
	if err != nil {
		return nil, err
	}
	if err := p.checkVars(l, w); err != nil {
		return nil, err
	}
	if len(w.text) == 0 {
		return nil, l.problem(w.start, w.end, "the text is empty", "")
	}
	if !w.quoted {
		if !l.end() && l.peek() != "within" && l.peek() != "{" && !slices.Contains(condWords, l.peek()) && (what == "a text" || what == "a label") {
			l.blanks()
			return nil, l.problem(w.start, len(l.s), "a text of several words needs quotes", `as in "two words"`)
		}
	}
	return w.text, nil
}

func (p *parser) checkVars(l *scanner, w word) *Problem {
	for _, part := range w.text {
		if part.Var != "" && !p.vars[part.Var] {
			return l.problem(w.start, w.end, fmt.Sprintf("there is no variable %s%s", part.Var, didYouMean(part.Var, keysOf(p.vars))),
				`for the characters themselves write \$ in double quotes, or use single quotes`)
		}
	}
	return nil
}

// literal takes a word that must be known before anything runs.
func (p *parser) literal(l *scanner, what string) (string, word, *Problem) {
	w, err := l.need(what)
	if err != nil {
		return "", w, err
	}
	s, plain := w.text.Plain()
	if !plain {
		return "", w, l.problem(w.start, w.end, what+" cannot have variables: it is checked before anything runs", `for the characters themselves write \$ in double quotes`)
	}
	if s == "" {
		return "", w, l.problem(w.start, w.end, what+" is empty", "")
	}
	return s, w, nil
}
