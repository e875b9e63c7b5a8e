package dialogue

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The grammar of tapes is that of VHS (charmbracelet/vhs, its README and manual
// page, version 0.10): words with blanks between them, comments from #, strings
// in one of three quotes without escapes, @TIME and a count after keys.

// tapeKeys are the commands that press the key of their name.
var tapeKeys = []string{"Enter", "Backspace", "Delete", "Insert", "Tab", "Space", "Escape", "Up", "Down", "Left", "Right", "PageUp", "PageDown", "Home", "End"}

var tapeCommands = append([]string{
	"Output", "Require", "Set", "Type", "Sleep", "Wait", "Hide", "Show", "Screenshot", "Copy", "Paste", "Source", "Env", "ScrollUp", "ScrollDown",
}, tapeKeys...)

// ParseTape reads a VHS tape as the script that does the same. What only means
// the video that VHS makes is in Warnings. The error is a *ScriptError.
func ParseTape(name string, src []byte, o ParseOptions) (*Script, error) {
	t := &tape{o: o, script: &Script{Name: name, Tape: true}, look: newTapeLook(), pattern: ">$", typingSpeed: 50 * time.Millisecond, timeout: 15 * time.Second}
	t.file(name, src, nil)
	if len(t.problems) > 0 {
		return nil, &ScriptError{Problems: t.problems}
	}
	t.script.Body.Tail = trimTail(t.tail)
	return t.script, nil
}

// tape is a tape being read.
type tape struct {
	*tapeScanner
	o        ParseOptions
	script   *Script
	problems []*Problem
	files    int

	look    tapeLook
	shell   string
	shellAt Place
	pattern string // of Wait without one
	// typingSpeed and timeout are those at the start.
	typingSpeed, timeout time.Duration
	clip                 string // what Copy keeps for Paste
	started              bool
	tail                 []string
}

func (t *tape) file(name string, src []byte, stack []string) {
	outer := t.tapeScanner
	t.files++
	t.tapeScanner = &tapeScanner{name: name, lines: splitLines(src), began: outer != nil}
	if outer != nil {
		t.notes, outer.notes = outer.notes, nil
	}
	stack = append(slices.Clone(stack), filepath.Clean(name))
	for i, line := range t.lines {
		if !utf8.ValidString(line) {
			p := invalidAt(line)
			t.problems = append(t.problems, &Problem{At: Place{File: name, Line: i + 1, Text: line, Start: p, End: p + 1}, Why: "the tape is not UTF-8 here"})
			return
		}
	}
	for t.skip() && len(t.problems) < 4*maxProblems {
		if len(t.script.Body.Commands) > maxCommands {
			t.problems = append(t.problems, &Problem{At: t.place(t.i, t.i+1), Why: fmt.Sprintf("a tape has at most %d commands", maxCommands)})
			return
		}
		if err := t.command(stack); err != nil {
			t.problems = append(t.problems, err)
			t.line++
			t.i = 0
		}
	}
	if outer == nil {
		t.tail = t.notes
		return
	}
	outer.notes = t.notes
	t.tapeScanner = outer
}

// emit adds a command to the script.
func (t *tape) emit(at Place, op Op) {
	c := &Command{At: at, Op: op, Before: t.notes}
	t.notes, t.began = nil, true
	t.script.Body.Commands = append(t.script.Body.Commands, c)
}

func (t *tape) warn(at Place, why, hint string) {
	t.script.Warnings = append(t.script.Warnings, &Problem{At: at, Why: why, Hint: hint})
}

// command reads one command.
func (t *tape) command(stack []string) *Problem {
	w := t.bare()
	bad := func(why, hint string) *Problem { return &Problem{At: w.at, Why: why, Hint: hint} }
	head, speed, timed := strings.Cut(w.text, "@")
	if strings.HasSuffix(head, "+") && timed { // the key @
		head, speed, timed = w.text, "", false
	}
	var pace Opt
	if timed {
		d, err := tapeTime(speed)
		if err != "" {
			return bad(err, "as in Type@500ms or Enter@1s")
		}
		pace = Opt{Set: true, D: d}
	}
	name, mods, _ := strings.Cut(head, "+")
	pressing := slices.Contains(tapeKeys, head)
	takesTime := pressing || slices.Contains([]string{"Type", "Wait", "ScrollUp", "ScrollDown", "Ctrl", "Alt", "Shift"}, name)
	if timed && !takesTime && slices.Contains(tapeCommands, name) {
		return bad(name+" takes no time after @", "")
	}
	if !slices.Contains([]string{"Output", "Require", "Set", "Env", "Source", "Copy", "Hide"}, name) && (slices.Contains(tapeCommands, name) || slices.Contains([]string{"Ctrl", "Alt", "Shift"}, name)) {
		if err := t.start(w.at); err != nil {
			return err
		}
	}
	switch {
	case pressing:
		return t.press(w, head, pace)
	case slices.Contains([]string{"Ctrl", "Alt", "Shift"}, name) && mods != "":
		return t.press(w, head, pace)
	case name == "Wait":
		return t.wait(w, mods, pace)
	}
	switch head {
	case "Type":
		return t.typing(w, pace)
	case "Sleep":
		v, err := t.value("a time")
		if err != nil {
			return err
		}
		d, why := tapeTime(v.text)
		if why != "" {
			return &Problem{At: v.at, Why: why, Hint: "as in Sleep 500ms or Sleep 2"}
		}
		t.emit(w.at, &Sleep{d})
	case "Hide":
		t.emit(w.at, &Hide{})
	case "Show":
		t.emit(w.at, &Show{})
	case "Set":
		return t.set(w)
	case "Output":
		return t.output(w, len(stack) > 1)
	case "Require":
		v, err := t.text("a program")
		if err != nil {
			return err
		}
		t.emit(w.at, &Require{[]string{v.text}})
	case "Screenshot":
		v, err := t.text("a file")
		if err != nil {
			return err
		}
		if !slices.Contains(stillKinds, filepath.Ext(v.text)) {
			return &Problem{At: v.at, Why: "the file's name does not say what kind of picture it is", Hint: "possible: " + strings.Join(stillKinds, ", ")}
		}
		t.emit(w.at, &Screenshot{Literal(v.text)})
	case "Copy":
		v, err := t.text("a text")
		t.clip = v.text
		return err
	case "Paste":
		if t.clip == "" {
			return bad("nothing was copied above: what happens to be in somebody's clipboard is not pasted", `Copy "…" says what is`)
		}
		t.emit(w.at, &Paste{Text: Literal(t.clip)})
	case "Env":
		return t.setEnv(w)
	case "Source":
		return t.source(stack)
	case "ScrollUp", "ScrollDown":
		if _, err := t.count(); err != nil {
			return err
		}
		t.warn(w.at, head+" scrolls the view of the video and has no effect here", "mouse scroll-up, in a script, tells the program")
	default:
		return bad(fmt.Sprintf("there is no command %q in tapes%s", clip(head), didYouMean(head, tapeCommands)), "")
	}
	return nil
}

// text is value with something in it.
func (t *tape) text(what string) (tapeWord, *Problem) {
	v, err := t.value(what)
	if err == nil && v.text == "" {
		err = &Problem{At: v.at, Why: what + " is empty"}
	}
	return v, err
}
