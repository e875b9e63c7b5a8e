package keys

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// keymapParser reads a file line by line.
type keymapParser struct {
	source string
	line   int
	text   string // the line
	m      *Keymap
	mode   *keyMode // the one whose rules are being read
}

// ParseKeymap reads a file of rules; name is its name for errors. What is wrong
// with the rules is an [*Error] with the line and the column. Files of more than
// 1 MiB are refused.
func ParseKeymap(r io.Reader, name string) (*Keymap, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxKeymapSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the keymap %s: %w", name, err)
	}
	if len(b) > maxKeymapSize {
		return nil, &Error{Source: name, Why: "the keymap is larger than 1 MiB"}
	}
	base := &keyMode{name: baseMode, root: &node{}}
	p := &keymapParser{source: name, mode: base, m: &Keymap{
		timeout: defaultTimeout,
		off:     []Key{{'^', Ctrl}, {'^', Ctrl}, {'^', Ctrl}},
		modes:   []*keyMode{base},
	}}
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		p.line++
		p.text = strings.TrimRight(line, "\r\n")
		if err := p.parse(); err != nil {
			return nil, err
		}
	}
	return p.m, nil
}

// word is a word of a line and its place in it.
type word struct {
	at int
	s  string
}

// fail is an error at a place of the line.
func (p *keymapParser) fail(at int, why, hint string) error {
	return p.place(&Error{Why: why, Hint: hint}, at)
}

func (p *keymapParser) place(e *Error, at int) error {
	e.at(p.text, at)
	e.Source, e.Line = p.source, p.line
	if strings.HasPrefix(e.Hint, "to type the text") {
		e.Hint = `text stands between double quotes: -> "text"`
	}
	return e
}

func (p *keymapParser) parse() error {
	var ws []word
	arrow := -1
	for at, s := range words(p.text) {
		if s[0] == '#' {
			break
		}
		if s == "->" && len(ws) > 0 {
			arrow = at
			break
		}
		ws = append(ws, word{at, s})
	}
	switch {
	case len(ws) == 0:
		return nil
	case arrow >= 0:
		return p.rule(ws, arrow)
	case ws[0].s == "mode":
		return p.newMode(ws)
	case ws[0].s == "timeout":
		return p.timeout(ws)
	case ws[0].s == "off":
		seq, err := p.keys(ws[1:], ws[0].at)
		if err != nil {
			return err
		}
		if len(seq) < minOff || len(seq) > maxOff {
			return p.fail(ws[0].at, "the keys that switch translation off must be "+strconv.Itoa(minOff)+" to "+strconv.Itoa(maxOff), "off Ctrl+^ Ctrl+^ Ctrl+^")
		}
		p.m.off = seq
		return nil
	}
	return p.fail(ws[0].at, "the line has no -> and is no setting", `rules are KEY... -> KEY..., -> "text", -> !command or -> nothing; settings are mode, timeout and off; the key # is called NumberSign`)
}

func (p *keymapParser) timeout(ws []word) error {
	if len(ws) != 2 {
		return p.fail(ws[0].at, "one duration must follow timeout", "timeout 300ms")
	}
	d, err := time.ParseDuration(ws[1].s)
	if err != nil || d < minTimeout || d > maxTimeout {
		return p.fail(ws[1].at, "the timeout must be a duration of 1ms to 10s, not "+quote(ws[1].s), "timeout 300ms")
	}
	p.m.timeout = d
	return nil
}

// keys reads a sequence of keys; at is the place for an error if there are none.
func (p *keymapParser) keys(ws []word, at int) ([]Key, error) {
	var seq []Key
	for _, w := range ws {
		keys, err := parseRepeated(w.s, 0, MaxKeys-len(seq))
		if err != nil {
			return nil, p.place(err, w.at)
		}
		seq = append(seq, keys...)
	}
	if len(seq) == 0 {
		return nil, p.fail(at, "no key is named here", "")
	}
	return seq, nil
}

// typed is keys for what a person types: not too many.
func (p *keymapParser) typed(ws []word, at int) ([]Key, error) {
	seq, err := p.keys(ws, at)
	if err == nil && len(seq) > maxSequence {
		err = p.fail(ws[0].at, "a rule has more than "+strconv.Itoa(maxSequence)+" keys to type", "")
	}
	return seq, err
}

// insert puts a rule into a mode; at is where its keys stand.
func (p *keymapParser) insert(m *keyMode, seq []Key, r *rule, at int) error {
	r.line = p.line
	if old := m.root.insert(seq, r); old != nil {
		return p.fail(at, "mode "+m.name+" has a rule for "+list(seq)+" in line "+strconv.Itoa(old.line)+" already", "")
	}
	return nil
}

func (p *keymapParser) rule(ws []word, arrow int) error {
	seq, err := p.typed(ws, ws[0].at)
	if err != nil {
		return err
	}
	act, err := p.action(arrow + 2)
	if err != nil {
		return err
	}
	return p.insert(p.mode, seq, &rule{act: act}, ws[0].at)
}

// action reads what stands behind the arrow, from the place at on.
func (p *keymapParser) action(at int) (Action, error) {
	for at < len(p.text) && isBlank(p.text[at]) {
		at++
	}
	rest := p.text[at:]
	switch {
	case rest == "":
		return Action{}, p.fail(at, "nothing follows the arrow", `name keys, "text", !command or nothing`)
	case rest[0] == '!':
		cmd := strings.TrimSpace(rest[1:])
		if cmd == "" {
			return Action{}, p.fail(at, "no command follows the !", "the key ! is called Exclam")
		}
		return Action{Kind: RunCommand, Command: cmd}, nil
	case rest[0] == '"':
		return p.quoted(at)
	}
	var ws []word
	for i, s := range words(rest) {
		if s[0] == '#' {
			break
		}
		ws = append(ws, word{at + i, s})
	}
	if len(ws) == 1 && strings.EqualFold(ws[0].s, "nothing") {
		return Action{Kind: SendKeys}, nil
	}
	seq, err := p.keys(ws, at)
	return Action{Kind: SendKeys, Keys: seq}, err
}

// quoted reads text between double quotes.
func (p *keymapParser) quoted(at int) (Action, error) {
	s := p.text[at+1:]
	end := 0
	for end < len(s) && s[end] != '"' {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(s) {
		return Action{}, p.fail(at, "the text has no closing quote", `write \" for a quote within; the key " is called QuoteDbl`)
	}
	b, err := Unescape(s[:end])
	var e *Error
	if errors.As(err, &e) {
		// Its column counts characters of the part between the quotes.
		e.Col += len([]rune(p.text[:at+1]))
		e.Source, e.Line, e.Text = p.source, p.line, p.text
		return Action{}, e
	}
	for i, s := range words(s[end+1:]) {
		if s[0] != '#' {
			return Action{}, p.fail(at+1+end+1+i, "the line goes on after the text", "put all of it between one pair of quotes")
		}
		break
	}
	return Action{Kind: SendBytes, Bytes: b}, nil
}

// newMode reads mode NAME enter KEY... leave KEY... [drop].
func (p *keymapParser) newMode(ws []word) error {
	const form = "mode NAME enter KEY... leave KEY... [drop]"
	leave := -1
	for i, w := range ws {
		if i > 3 && w.s == "leave" {
			leave = i
			break
		}
	}
	switch {
	case len(ws) < 3 || ws[2].s != "enter":
		return p.fail(ws[0].at, "a mode needs a name and the keys that enter it", form)
	case leave < 0:
		return p.fail(ws[0].at, "mode "+ws[1].s+" has no keys to leave it", form)
	}
	m := &keyMode{name: ws[1].s, root: &node{}}
	for _, o := range p.m.modes {
		if o.name == m.name {
			return p.fail(ws[1].at, "there is a mode "+m.name+" already", "")
		}
	}
	out := ws[leave+1:]
	if n := len(out); n > 1 && out[n-1].s == "drop" {
		m.drop, out = true, out[:n-1]
	}
	in, err := p.typed(ws[3:leave], ws[2].at)
	if err != nil {
		return err
	}
	back, err := p.typed(out, ws[leave].at)
	if err != nil {
		return err
	}
	base := p.m.modes[0]
	if err := p.insert(base, in, &rule{act: Action{Kind: ModeChange, Mode: m.name}, mode: m}, ws[3].at); err != nil {
		return err
	}
	p.m.modes = append(p.m.modes, m)
	p.mode = m
	return p.insert(m, back, &rule{act: Action{Kind: ModeChange, Mode: baseMode}, mode: base}, ws[leave+1].at)
}
