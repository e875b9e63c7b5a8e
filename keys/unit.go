package keys

// Kind says what a unit of input is.
type Kind uint8

// The kinds of units.
const (
	// Text is one character.
	Text Kind = iota
	// Control is one control character.
	Control
	// Sequence is an escape sequence that stands for a key.
	Sequence
	// MouseReport is a report of the mouse.
	MouseReport
	// FocusReport says that the window got or lost the focus.
	FocusReport
	// Pasted is a piece of a bracketed paste, with its brackets.
	Pasted
	// Reply is the terminal's answer to a question, or another report that no
	// key makes.
	Reply
	// Invalid is what is neither UTF-8 nor a well-formed sequence.
	Invalid
)

var kindNames = [...]string{"text", "control", "sequence", "mouse", "focus", "paste", "reply", "invalid"}

// String is the kind's name in small letters.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Unit is a piece of input that must not be torn apart.
type Unit struct {
	Kind  Kind
	Bytes []byte
	// Inside is true if the next unit continues this one: a paste that has not
	// ended, a reply that is too long to be held. Nothing may be put between.
	Inside bool
}

// classify tells what a whole CSI sequence is; s is what follows CSI.
func classify(s []byte, cpr func() bool) Kind {
	switch string(s) {
	case "I", "O":
		return FocusReport
	case "200~", "201~":
		return Pasted
	}
	if len(s) == 2 && s[0] == '[' {
		return Sequence
	}
	final := s[len(s)-1]
	if len(s) > 1 && s[len(s)-2] >= ' ' && s[len(s)-2] <= '/' {
		return Reply // with an intermediate: DECRPM and other reports
	}
	p, private, _, ok := csiParams(s)
	switch {
	case private == '<' && (final == 'M' || final == 'm'):
		return MouseReport
	case private != 0:
		return Reply
	case !ok:
		return Sequence
	case final == 'M' && len(p) == 3:
		return MouseReport // 1015
	case final == 'R' && len(p) == 2:
		return classifyR(p, cpr)
	}
	switch final {
	case 'c', 'n', 't', 'x', 'y', 'w':
		if len(p) > 0 {
			return Reply
		}
	}
	return Sequence
}

// classifyR tells the report of the cursor's place, CSI row ; column R, from F3
// with modifiers, CSI 1 ; modifiers R. In row 1 both may be the same bytes; then
// it is a key unless somebody waits for a report.
func classifyR(p []param, cpr func() bool) Kind {
	row, col := p[0].first(), p[1].first()
	const mostMods = 16 // without the kitty protocol, which has no CSI R
	switch {
	case p[1].n > 1:
		return Sequence // with an event type: only keys have that
	case row != 1, col < 2, col > mostMods, cpr != nil && cpr():
		return Reply
	}
	return Sequence
}
