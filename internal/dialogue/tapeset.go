package dialogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tapeLook is the part of a tape's settings that decides how many cells the
// terminal has: a tape gives its size in pixels.
type tapeLook map[string]float64

// newTapeLook has VHS's defaults.
func newTapeLook() tapeLook {
	return tapeLook{"Width": 1200, "Height": 600, "Padding": 60, "Margin": 0, "FontSize": 22, "LineHeight": 1, "LetterSpacing": 1}
}

// size is the terminal in cells. A cell of a monospaced font is about 0.6 times
// as wide and 1.32 times as high as the font's size (JetBrains Mono, which VHS
// prefers); the browser may make it one column more or less.
func (l tapeLook) size() Size {
	edge := 2 * (l["Padding"] + l["Margin"])
	w := 0.6*l["FontSize"] + l["LetterSpacing"] - 1
	h := 1.32 * l["FontSize"] * l["LineHeight"]
	cells := func(pixels, one float64) int {
		if one <= 0 || pixels <= 0 {
			return 2
		}
		return int(min(maxSize, max(2, pixels/one)))
	}
	return Size{cells(l["Width"]-edge, w), cells(l["Height"]-edge, h)}
}

// tapeVideo are the settings that only mean the video.
var tapeVideo = []string{"FontFamily", "Theme", "Framerate", "PlaybackSpeed", "LoopOffset", "MarginFill", "WindowBar", "WindowBarSize", "BorderRadius", "CursorBlink"}

var tapeLooks = []string{"Width", "Height", "Padding", "Margin", "FontSize", "LineHeight", "LetterSpacing"}

// tapeShells are those that VHS starts with a prompt of its own; of the others
// none can be started clean here.
var tapeShells = []string{"bash", "zsh", "fish", "sh"}

func (t *tape) set(w tapeWord) *Problem {
	name, err := t.text("a setting")
	if err != nil {
		return err
	}
	if name.text == "WaitPattern" {
		if !t.same() || t.rest()[0] != '/' {
			return &Problem{At: t.place(t.i, t.i+1), Why: "here a regular expression is missing", Hint: "as in Set WaitPattern />$/"}
		}
		t.pattern, err = t.regex()
		return err
	}
	known := slices.Concat(tapeVideo, tapeLooks, []string{"Shell", "TypingSpeed", "WaitTimeout", "WaitPattern"})
	if !slices.Contains(known, name.text) {
		return &Problem{At: name.at, Why: fmt.Sprintf("there is no setting %q in tapes%s", clip(name.text), didYouMean(name.text, known))}
	}
	v, err := t.text("the value of " + name.text)
	if err != nil {
		return err
	}
	late := func() bool {
		if t.started {
			t.warn(w.at, "Set "+name.text+" after the first command has no effect", "put it above the first command")
		}
		return t.started
	}
	switch {
	case name.text == "TypingSpeed" || name.text == "WaitTimeout":
		d, why := tapeTime(v.text)
		if why != "" {
			return &Problem{At: v.at, Why: why, Hint: "as in 100ms or 0.1"}
		}
		setting, early := "typing", &t.typingSpeed
		if name.text == "WaitTimeout" {
			setting, early = "timeout", &t.timeout
			if d == 0 {
				return &Problem{At: v.at, Why: "a timeout of zero: no Wait could succeed"}
			}
		}
		if !t.started {
			*early = d
			return nil
		}
		t.emit(w.at, &Set{Name: setting, D: d})
	case name.text == "Shell":
		if !late() {
			t.shell, t.shellAt = v.text, v.at
		}
	case slices.Contains(tapeVideo, name.text):
		t.warn(w.at, "Set "+name.text+" is about the video and has no effect here", "")
	default:
		n, bad := strconv.ParseFloat(v.text, 64)
		if bad != nil || !(n >= 0 && n <= 1e6) {
			return &Problem{At: v.at, Why: fmt.Sprintf("%s is a number, not %q", name.text, clip(v.text))}
		}
		if !late() {
			t.look[name.text] = n
		}
	}
	return nil
}

// start starts the shell before the first command that means it.
func (t *tape) start(at Place) *Problem {
	if t.started {
		return nil
	}
	t.started = true
	t.emit(at, &Set{Name: "timeout", D: t.timeout})
	t.emit(at, &Set{Name: "typing", D: t.typingSpeed})
	shell := t.shell
	if shell == "" {
		shell = "bash"
	}
	launch := Launch{Size: t.look.size()}
	if !slices.Contains(tapeShells, shell) {
		args := strings.Fields(shell)
		if len(args) == 0 {
			return &Problem{At: t.shellAt, Why: "the shell's name is empty"}
		}
		t.warn(t.shellAt, clip(shell)+" is started as it is, with its own start-up files and prompt", "clean ones are "+strings.Join(tapeShells, ", "))
		run := &Run{Launch: launch}
		for _, a := range args {
			run.Args = append(run.Args, Literal(a))
		}
		t.emit(at, run)
		return nil
	}
	t.emit(at, &Shell{launch, shell, Literal("> ")})
	// VHS types at once, and what comes before the prompt is shown twice.
	t.emit(at, &Wait{Cond: Cond{Line: ">$", Status: -1}})
	return nil
}
