package job

import (
	"fmt"
	"strings"
)

// envParser walks through an env file.
type envParser struct {
	name string
	src  string
	pos  int
}

func (p *envParser) errorf(pos int, format string, args ...any) error {
	before := p.src[:pos]
	line := 1 + strings.Count(before, "\n")
	col := pos - strings.LastIndexByte(before, '\n')
	return fmt.Errorf("%s:%d:%d: %s", p.name, line, col, fmt.Sprintf(format, args...))
}

// line reads one entry, over several lines if it is quoted, with its line end.
// A line without one gives "".
func (p *envParser) line() (string, error) {
	p.blanks()
	if p.atEnd() {
		p.rest()
		return "", nil
	}
	key, err := p.key()
	if err != nil {
		return "", err
	}
	value, err := p.value()
	if err != nil {
		return "", err
	}
	return key + "=" + value, nil
}

func (p *envParser) key() (string, error) {
	begin := p.pos
	key := p.word()
	if key == "export" && p.pos < len(p.src) && isBlank(p.src[p.pos]) {
		p.blanks()
		begin = p.pos
		key = p.word()
	}
	switch {
	case key == "" && strings.HasPrefix(p.src[p.pos:], "="):
		return "", p.errorf(begin, "the name before the = is missing")
	case key == "" || isDigit(key[0]):
		return "", p.errorf(begin, "a name begins with a letter or _")
	case p.pos == len(p.src) || p.src[p.pos] == '\n':
		return "", p.errorf(p.pos, "%s has no value: write %s=VALUE, or %s= for an empty one", key, key, key)
	case p.src[p.pos] == '=':
		p.pos++
		return key, nil
	case isBlank(p.src[p.pos]):
		return "", p.errorf(p.pos, "there cannot be a blank between %s and its =", key)
	}
	return "", p.errorf(p.pos, "a name holds letters, digits, _, . and - only")
}

func (p *envParser) value() (string, error) {
	begin := p.pos
	p.blanks()
	switch {
	case p.atEnd() && (p.pos > begin || !p.at('#')):
		p.rest()
		return "", nil
	case p.pos > begin:
		return "", p.errorf(begin, "a value that begins with a blank must be quoted")
	case !p.at('\'') && !p.at('"'):
		return p.plain()
	}
	open := p.pos
	var value string
	var err error
	if p.at('\'') {
		value, err = p.single()
	} else {
		value, err = p.double()
	}
	if err != nil {
		return "", err
	}
	closed := p.pos
	p.blanks()
	if !p.atEnd() || p.at('#') && p.pos == closed {
		return "", p.errorf(closed, "text after the closing quote: the quotes must enclose the whole value")
	}
	p.rest()
	if i := strings.IndexByte(value, 0); i >= 0 {
		return "", p.errorf(open, "the value holds a NUL byte, which an environment cannot")
	}
	return value, nil
}

// plain reads an unquoted value.
func (p *envParser) plain() (string, error) {
	begin := p.pos
	line := p.rest()
	for i := range len(line) {
		switch {
		case line[i] == 0:
			return "", p.errorf(begin+i, "a NUL byte, which an environment cannot hold")
		case line[i] == '#' && i > 0 && isBlank(line[i-1]):
			return strings.TrimRight(line[:i], " \t\r"), nil
		}
	}
	return strings.TrimRight(line, " \t\r"), nil
}

func (p *envParser) single() (string, error) {
	open := p.pos
	n := strings.IndexByte(p.src[open+1:], '\'')
	if n < 0 {
		return "", p.errorf(open, "a single quote that is never closed")
	}
	p.pos = open + 1 + n + 1
	return p.src[open+1 : open+1+n], nil
}

func (p *envParser) double() (string, error) {
	open := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.src); p.pos++ {
		c := p.src[p.pos]
		if c == '"' {
			p.pos++
			return b.String(), nil
		}
		if c != '\\' || p.pos+1 == len(p.src) {
			b.WriteByte(c)
			continue
		}
		p.pos++
		switch c := p.src[p.pos]; c {
		case 'n':
			b.WriteByte('\n')
		case '"', '\\', '$', '`':
			b.WriteByte(c)
		case '\n': // the shell joins the lines
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return "", p.errorf(open, "a double quote that is never closed")
}

// word reads what may stand in a name.
func (p *envParser) word() string {
	begin := p.pos
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !isDigit(c) && c != '_' && (p.pos == begin || c != '.' && c != '-') {
			break
		}
		p.pos++
	}
	return p.src[begin:p.pos]
}

// rest takes what is left of the line, and its end, which it does not give.
func (p *envParser) rest() string {
	line, _, ended := strings.Cut(p.src[p.pos:], "\n")
	p.pos += len(line)
	if ended {
		p.pos++
	}
	return line
}

func (p *envParser) blanks() {
	for p.pos < len(p.src) && isBlank(p.src[p.pos]) {
		p.pos++
	}
}

func (p *envParser) at(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

// atEnd tells whether nothing but a comment is left of the line.
func (p *envParser) atEnd() bool { return p.pos == len(p.src) || p.at('\n') || p.at('#') }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
