package edit

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/sluicerun/sluice/cast"
)

// MarkCommands puts a marker before each event of output in which a command begins
// to run, as shells tell with OSC 133;C or 633;C. It is called as the command line:
// that of OSC 633;E if the shell tells it, or else of the keys cmdline_url and
// cmdline of 133;C, or else what was on screen between the end of the prompt (B) and
// C, with what the line editor has taken back; and without a name if there is
// nothing of all that.
func MarkCommands() Edit {
	return func(h cast.Header, ev cast.Events) (cast.Header, cast.Events) {
		return h, func(yield func(cast.Event, error) bool) {
			c := commands{ready: true}
			for e, err := range ev {
				if err != nil {
					yield(cast.Event{}, err)
					return
				}
				if e.Code == cast.Output {
					for _, l := range c.feed(e.Data) {
						if !yield(Marker{e.Time, l}.event(), nil) {
							return
						}
					}
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// commands reads what a shell tells of its commands.
type commands struct {
	tokens tokens
	rest   []byte // a token that is not whole
	ready  bool   // there was a prompt since the last command
	typed  *text  // since B
	told   string // by 633;E
	begun  []string
}

// feed gives the names of the commands that begin in p.
func (c *commands) feed(p []byte) []string {
	c.begun = c.begun[:0]
	if c.typed == nil && len(c.rest) == 0 && !c.tokens.inString && bytes.IndexByte(p, 0x1b) < 0 {
		return nil
	}
	p = append(c.rest, p...)
	for len(p) > 0 {
		if c.typed == nil && !c.tokens.inString { // nothing counts but sequences
			if p = p[max(bytes.IndexByte(p, 0x1b), 0):]; p[0] != 0x1b {
				p = nil
				break
			}
		}
		before := c.tokens
		t, whole := c.tokens.next(p)
		if !whole {
			c.tokens = before
			break
		}
		switch {
		case t.op == opLetter:
			c.letter(t.count, string(p[t.from:t.until]))
		case c.typed != nil && len(c.typed.cells) < mostCells:
			c.typed.apply(t, 0)
		}
		p = p[t.n:]
	}
	c.rest = append(c.rest[:0], p...)
	return c.begun
}

func (c *commands) letter(number int, s string) {
	if number != 133 && number != 633 {
		return
	}
	mark, args, _ := strings.Cut(s, ";")
	switch mark {
	case "A", "D":
		c.ready, c.typed, c.told = true, nil, ""
	case "B":
		c.ready, c.typed = true, &text{}
	case "E":
		if number == 633 {
			line, _, _ := strings.Cut(args, ";")
			c.ready, c.told = true, unescape(line)
		}
	case "C":
		if c.ready {
			c.begun = append(c.begun, c.name(args))
		}
		c.ready, c.typed, c.told = false, nil, ""
	}
}

// name is what the command is called that begins with C and these arguments.
func (c *commands) name(args string) string {
	if c.told != "" {
		return oneLine(c.told)
	}
	for arg := range strings.SplitSeq(args, ";") {
		switch key, value, _ := strings.Cut(arg, "="); key {
		case "cmdline_url":
			if s, err := url.PathUnescape(value); err == nil {
				return oneLine(s)
			}
		case "cmdline":
			return oneLine(unquote(value))
		}
	}
	if c.typed == nil {
		return ""
	}
	var b strings.Builder
	for _, x := range c.typed.cells {
		b.WriteRune(x.r)
	}
	return oneLine(b.String())
}

// oneLine makes a label of a text: what is white is one blank, what is not to be
// seen is left out.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// unescape reads the command line of OSC 633;E: \\ and \xAB.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == 'x' && i+3 < len(s) {
				if v, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
					b.WriteByte(byte(v))
					i += 3
					continue
				}
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// unquote takes the backslashes away that printf %q of shells puts in.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
