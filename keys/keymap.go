package keys

import "time"

// Keymap is a translation of what a keyboard types before a program sees it. Its
// file has one rule, setting or mode on each line:
//
//	# A word that begins with # begins a comment.
//	timeout 300ms
//	off Ctrl+^ Ctrl+^ Ctrl+^
//
//	CapsLock -> Escape           # a key becomes another
//	Ctrl+K   -> Ctrl+A Ctrl+K    # or several
//	F5       -> ":make\r"        # or text, which no mode of the program changes
//	F6       -> !notify-send hi  # or a shell command; the program sees nothing
//	F1       -> nothing          # or nothing at all
//	j k      -> Escape           # two keys, one after the other
//
//	mode command enter Ctrl+G leave i drop
//	h -> Left
//	l -> Right
//
// Keys are named as [ParseAll] takes them, also with Down*3. A key in a rule is
// found in every form a terminal may send it in (see [Key.Matches]). Text stands
// between double quotes and has the escapes of [Unescape]; a command goes to the
// end of its line, # and all. The key # is called NumberSign.
//
// Keys that no rule begins with pass through byte for byte, and so do the mouse,
// pastes and the terminal's replies. Keys that may become a longer rule are held
// until the next key, or until the timeout (500ms where the file says nothing, 1ms
// to 10s) has passed; then the longest rule that matches from the first key on is
// taken. If none does, that key passes and the next one is looked at.
//
// A line with the word mode begins a mode, whose rules go to the next such line.
// The rules before the first one are for the mode called base, in which typing
// begins. The keys after enter, typed in base, begin the mode; those after leave
// lead back to base. Both are not seen by the program. With drop at the end keys
// without a rule do not reach the program while the mode lasts; without it they
// pass.
//
// Nobody can be locked out by a keymap: a mode without keys to leave it is an
// error, and the keys after off (two to eight, Ctrl+^ three times if the file says
// nothing) switch all translation off, and on again when typed once more. They are
// looked for before the rules, so no rule and no drop hides them; the last of them
// is never sent. Switching ends every mode.
type Keymap struct {
	timeout time.Duration
	off     []Key
	modes   []*keyMode // the first is base
}

type keyMode struct {
	name string
	drop bool
	root *node
}

// node is a key that was typed, on the way to one or more rules.
type node struct {
	next map[Key]*node
	rule *rule // what to do if it ends here
}

type rule struct {
	act  Action
	mode *keyMode // for ModeChange
	line int
}

const (
	defaultTimeout = 500 * time.Millisecond
	minTimeout     = time.Millisecond
	maxTimeout     = 10 * time.Second
	baseMode       = "base"

	maxKeymapSize  = 1 << 20
	maxSequence    = 16
	minOff, maxOff = 2, 8
)

// ActionKind says what an [Action] is.
type ActionKind uint8

// The kinds of actions.
const (
	// SendBytes is for bytes that go to the program as they are.
	SendBytes ActionKind = iota
	// SendKeys is for keys to be encoded as the program's modes are now.
	SendKeys
	// RunCommand is for a command that the person's shell is to run.
	RunCommand
	// ModeChange tells that the mode is now Mode.
	ModeChange
	// TranslationOff and TranslationOn tell that the person typed the keys after
	// off.
	TranslationOff
	TranslationOn
)

// Action is what comes of keys that were typed.
type Action struct {
	Kind    ActionKind
	Bytes   []byte
	Keys    []Key
	Command string
	Mode    string
}

// insert puts a rule at the end of a sequence. It returns the rule that is there
// already, if any.
func (n *node) insert(seq []Key, r *rule) *rule {
	for _, k := range seq {
		if n.next == nil {
			n.next = map[Key]*node{}
		}
		c := n.next[k]
		if c == nil {
			c = &node{}
			n.next[k] = c
		}
		n = c
	}
	if n.rule != nil {
		return n.rule
	}
	n.rule = r
	return nil
}
