package dialogue

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sluicerun/sluice/job"
)

// ParseOptions say what a script may refer to. The zero value works.
type ParseOptions struct {
	// Open reads a file that the script includes; nil means os.ReadFile. The
	// name is relative to where the script's own name is relative to.
	Open func(name string) ([]byte, error)
	// Vars are variables that have a value from the start.
	Vars []string
}

const (
	maxNest     = 100     // blocks in blocks
	maxIncludes = 1000    // files read for one script
	maxCommands = 100_000 // in one script with what it includes
)

// Load reads a script: a VHS tape if the name ends in .tape, else one in this
// package's language.
func Load(name string, o ParseOptions) (*Script, error) {
	src, err := o.open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the script: %w", err)
	}
	if isTape(name) {
		return ParseTape(name, src, o)
	}
	return Parse(name, src, o)
}

func isTape(name string) bool { return strings.EqualFold(filepath.Ext(name), ".tape") }

func (o ParseOptions) open(name string) ([]byte, error) {
	if o.Open != nil {
		return o.Open(name)
	}
	return os.ReadFile(name)
}

// Parse reads a script in this package's language. The error is a *ScriptError
// with all that is wrong.
func Parse(name string, src []byte, o ParseOptions) (*Script, error) {
	st := &parseState{o: o, programs: map[string]bool{}, vars: map[string]bool{}}
	for _, v := range o.Vars {
		st.vars[v] = true
	}
	s := &Script{Name: name, Body: st.file(name, src, nil)}
	if len(st.problems) > 0 {
		return nil, &ScriptError{Problems: st.problems}
	}
	return s, nil
}

// parseState is what the files of one script share. Programs, variables and
// regular expressions count from where they stand in the text on.
type parseState struct {
	o        ParseOptions
	problems []*Problem
	programs map[string]bool
	vars     map[string]bool
	matched  bool
	files    int
	commands int
}

// parser reads one file.
type parser struct {
	*parseState
	name  string
	lines []string
	n     int // lines taken
	nest  int
	stack []string // files that include this one
	// selects counts the selects around the place that is read.
	selects int
}

func (st *parseState) file(name string, src []byte, stack []string) Block {
	st.files++
	p := &parser{parseState: st, name: name, lines: splitLines(src), stack: append(slices.Clone(stack), filepath.Clean(name))}
	b, closed := p.block(inFile)
	if closed != nil {
		panic("a file's block ends with the file")
	}
	return b
}

func splitLines(src []byte) []string {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	lines := strings.Split(string(src), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func (p *parser) fail(err *Problem) { p.problems = append(p.problems, err) }

func (p *parser) scanner(line int) *scanner {
	return &scanner{at: Place{File: p.name, Line: line + 1, Text: p.lines[line]}, s: p.lines[line]}
}

func invalidAt(s string) int {
	for i := 0; ; {
		r, n := utf8.DecodeRuneInString(s[i:])
		if n == 0 || r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}

func trimTail(notes []string) []string {
	for len(notes) > 0 && notes[len(notes)-1] == "" {
		notes = notes[:len(notes)-1]
	}
	return notes
}

// command reads one command; l stands at its first word.
func (p *parser) command(l *scanner, in where) (*Command, *Problem) {
	if p.nest++; p.nest > maxNest {
		p.nest--
		return nil, l.here(fmt.Sprintf("blocks are nested more than %d deep", maxNest), "")
	}
	defer func() { p.nest-- }()
	l.blanks()
	c := &Command{}
	start := l.i
	w, err := l.word()
	if err != nil {
		return nil, err
	}
	if name, ok := strings.CutPrefix(w.bare(), "@"); ok {
		if !p.programs[name] || name == "" {
			return nil, l.problem(w.start, w.end, fmt.Sprintf("no program called %q was started above%s", clip(name), didYouMean(name, keysOf(p.programs))), "run --as NAME starts one")
		}
		c.On = name
		if w, err = l.need("a command"); err != nil {
			return nil, err
		}
	}
	if in == inSelect && w.bare() != "on" && w.bare() != "within" {
		return nil, l.problem(w.start, w.end, "in a select only on and within are possible", `as in: on text "continue?" press y`)
	}
	c.Op, err = p.op(l, c, w, in)
	if err != nil {
		return nil, err
	}
	if len(c.blocks()) == 0 || isInclude(c.Op) {
		if c.After, err = p.finish(l); err != nil {
			return nil, err
		}
	}
	c.At = l.place(start, len(strings.TrimRight(l.s, " \t")))
	if w.start > start {
		c.At.Start = start
	}
	c.At.End = w.end
	return c, nil
}

func didYouMean(word string, known []string) string {
	if c := job.Closest(word, known); c != "" {
		return ": did you mean " + c + "?"
	}
	return ""
}

func keysOf(m map[string]bool) []string {
	var out []string
	for k := range m {
		if k != "" {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
