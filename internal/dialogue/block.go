package dialogue

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// where a block stands decides what may be in it and what ends it.
type where int

const (
	inFile where = iota
	inBlock
	inSelect
)

// block reads commands until the file's end or a }, behind which the scanner
// that it returns stands. That is nil at the end of the file.
func (p *parser) block(in where) (Block, *scanner) {
	var b Block
	var notes []string
	for p.n < len(p.lines) && len(p.problems) < 4*maxProblems {
		l := p.scanner(p.n)
		p.n++
		if !utf8.ValidString(l.s) {
			p.fail(l.problem(invalidAt(l.s), invalidAt(l.s)+1, "the script is not UTF-8 here", `bytes are written \xHH in double quotes`))
			continue
		}
		if l.end() {
			if c := l.comment(); c != "" || len(notes) > 0 && notes[len(notes)-1] != "" || len(notes) == 0 && len(b.Commands) > 0 {
				notes = append(notes, c)
			}
			continue
		}
		if l.take("}") {
			if in != inFile {
				b.Tail = trimTail(notes)
				return b, l
			}
			p.fail(l.problem(l.i-1, l.i, "this } closes nothing", ""))
			continue
		}
		if p.commands++; p.commands == maxCommands+1 {
			p.fail(l.here(fmt.Sprintf("a script has at most %d commands", maxCommands), ""))
			p.n = len(p.lines)
			break
		}
		c, err := p.command(l, in)
		if err != nil {
			p.fail(err)
			p.skipBody(l)
			continue
		}
		c.Before, notes = notes, nil
		b.Commands = append(b.Commands, c)
	}
	b.Tail = trimTail(notes)
	return b, nil
}

// skipBody reads the body of a command that is wrong, so that its } is not
// taken for another's.
func (p *parser) skipBody(l *scanner) {
	if s := strings.TrimRight(l.s, " \t"); !strings.HasSuffix(s, "{") || strings.HasPrefix(strings.TrimSpace(s), "#") || p.nest >= maxNest {
		return
	}
	p.nest++
	defer func() { p.nest-- }()
	p.block(inBlock)
}

// finish takes the rest of a line, which may be a comment.
func (p *parser) finish(l *scanner) (string, *Problem) {
	if l.end() {
		return l.comment(), nil
	}
	w, err := l.word()
	if err != nil {
		return "", err
	}
	hint := ""
	if w.bare() == "{" {
		hint = "this command has no block"
	}
	return "", l.problem(w.start, w.end, fmt.Sprintf("unexpected %q after the command", clip(l.s[w.start:w.end])), hint)
}

// body reads { … } over the next lines or, if inline is allowed, one command on
// this line.
func (p *parser) body(l *scanner, in where, inline bool) (Block, *scanner, *Problem) {
	if !l.take("{") {
		if !inline || l.end() {
			return Block{}, nil, l.here("here { is missing", "the commands follow on lines of their own, and then }")
		}
		c, err := p.command(l, inBlock)
		if err != nil {
			return Block{}, nil, err
		}
		return Block{Commands: []*Command{c}, Inline: true}, nil, nil
	}
	at := l.i - 1
	head, err := p.finish(l)
	if err != nil {
		err.Why = "unexpected text after {"
		err.Hint = "each command has a line of its own, and so has }"
		return Block{}, nil, err
	}
	b, closed := p.block(in)
	if closed == nil {
		return b, nil, l.problem(at, at+1, "this { is never closed", "write a } on a line of its own")
	}
	b.Head = head
	return b, closed, nil
}

// end takes what may stand after a }.
func (p *parser) close(b *Block, closed *scanner) *Problem {
	if closed == nil {
		return nil
	}
	var err *Problem
	b.After, err = p.finish(closed)
	return err
}
