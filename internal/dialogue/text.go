package dialogue

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is a word of a script: characters and variables.
type Text []Part

// Part is characters as they are or, if Var is set, the value of a variable.
type Part struct {
	Lit string
	Var string
}

// Literal is a text without variables.
func Literal(s string) Text {
	if s == "" {
		return nil
	}
	return Text{{Lit: s}}
}

// Plain gives the characters of a text that has no variables.
func (t Text) Plain() (string, bool) {
	switch {
	case len(t) == 0:
		return "", true
	case len(t) == 1 && t[0].Var == "":
		return t[0].Lit, true
	}
	return "", false
}

// add appends characters, joined to those before.
func (t Text) add(s string) Text {
	if s == "" {
		return t
	}
	if n := len(t); n > 0 && t[n-1].Var == "" {
		t[n-1].Lit += s
		return t
	}
	return append(t, Part{Lit: s})
}

// expand puts the values of the variables in.
func (t Text) expand(vars map[string]string) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if p.Var == "" {
			b.WriteString(p.Lit)
			continue
		}
		v, ok := vars[p.Var]
		if !ok {
			return "", fmt.Errorf("the variable %s has no value yet: the let that sets it was not run", p.Var)
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

// quoted is the text in double quotes, as the language reads it.
func (t Text) quoted() string {
	var b strings.Builder
	b.WriteByte('"')
	for i, p := range t {
		if p.Var != "" {
			b.WriteString("$" + p.Var)
			continue
		}
		// A letter right after a variable would become part of its name.
		if i > 0 && t[i-1].Var != "" && p.Lit != "" && isNameByte(p.Lit[0]) {
			s := b.String()
			b.Reset()
			name := t[i-1].Var
			b.WriteString(s[:len(s)-len(name)] + "{" + name + "}")
		}
		escape(&b, p.Lit)
	}
	b.WriteByte('"')
	return b.String()
}

func escape(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == 0x1b:
			b.WriteString(`\e`)
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '$' && startsVar(s[i+1:]):
			b.WriteString(`\$`)
		// A literal at the end of which a $ stands may be followed by a variable's $.
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
}

// startsVar tells whether a $ before s is a variable's.
func startsVar(s string) bool {
	return s != "" && (isNameStart(s[0]) || s[0] == '{')
}

func isNameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isNameByte(c byte) bool  { return isNameStart(c) || c >= '0' && c <= '9' }

// isName tells whether s can be a variable's or a program's name.
func isName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= 64 && isNameStart(s[0])
}

// word is the text without quotes where that reads the same.
func (t Text) word() string {
	s, plain := t.Plain()
	if !plain || s == "" || strings.Trim(s, bareSafe) != "" || strings.HasPrefix(s, "@") {
		return t.quoted()
	}
	return s
}

// bareSafe are the characters that never need quotes.
const bareSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%^~*"
