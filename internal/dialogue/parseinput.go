package dialogue

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
)

// pace reads --pace.
func (p *parser) pace(l *scanner) (pace Opt, err *Problem) {
	err = p.options(l, []string{"pace"}, func(string) *Problem {
		var err *Problem
		pace.Set = true
		pace.D, err = p.duration(l)
		return err
	})
	return pace, err
}

func (p *parser) typing(l *scanner, enter bool) (Op, *Problem) {
	pace, err := p.pace(l)
	if err != nil {
		return nil, err
	}
	l.blanks()
	from := l.i
	t, err := p.text(l, "a text")
	if err != nil {
		return nil, err
	}
	for _, part := range t {
		if !utf8.ValidString(part.Lit) {
			return nil, l.problem(from, l.i, "the text is not UTF-8", "raw sends bytes")
		}
	}
	return &Type{t, enter, pace}, nil
}

func (p *parser) press(l *scanner) (Op, *Problem) {
	pace, err := p.pace(l)
	if err != nil {
		return nil, err
	}
	op := &Press{Pace: pace}
	for first := true; first || !l.end(); first = false {
		s, w, err := p.literal(l, "a key")
		if err != nil {
			return nil, err
		}
		op.Keys = append(op.Keys, s)
		if why, hint := badKeys(s); why != "" {
			if hint == "" {
				hint = "to type the text itself, write: type " + Literal(s).quoted()
			}
			return nil, l.problem(w.start, w.end, why, hint)
		}
	}
	if _, err := keys.ParseAll(op.Keys); err != nil { // too many together
		return nil, l.here(err.Error(), "")
	}
	return op, nil
}

// badKeys says what is wrong with names of keys, as one argument of press.
func badKeys(s string) (why, hint string) {
	if !utf8.ValidString(s) {
		return "the name of the key is not UTF-8", ""
	}
	_, err := keys.ParseAll([]string{s})
	if e, ok := errors.AsType[*keys.Error](err); ok {
		return e.Why, e.Hint
	}
	if err != nil {
		return err.Error(), ""
	}
	return "", ""
}

func (p *parser) paste(l *scanner) (Op, *Problem) {
	if l.end() || l.s[l.i] != '<' {
		t, err := p.text(l, "a text")
		return &Paste{Text: t}, err
	}
	l.i++
	if l.i < len(l.s) && isBlank(l.s[l.i]) {
		l.blanks()
	}
	t, err := p.text(l, "a file")
	return &Paste{File: t}, err
}

func (p *parser) secret(l *scanner) (Op, *Problem) {
	if l.end() {
		return nil, l.here("here a variable of the environment is missing", "as in: secret $PASSWORD")
	}
	w, err := l.word()
	if err != nil {
		return nil, err
	}
	if len(w.text) != 1 || w.text[0].Var == "" || w.quoted {
		return nil, l.problem(w.start, w.end, "a secret is the name of a variable of the environment, not the secret itself", "as in: secret $PASSWORD")
	}
	return &Secret{w.text[0].Var}, nil
}

func (p *parser) signal(l *scanner) (Op, *Problem) {
	s, w, err := p.literal(l, "a signal")
	if err != nil {
		return nil, err
	}
	sig, bad := job.ParseSignal(s)
	if bad != nil {
		return nil, l.problem(w.start, w.end, bad.Error(), "")
	}
	return &Signal{strings.TrimPrefix(sig.String(), "SIG")}, nil
}
