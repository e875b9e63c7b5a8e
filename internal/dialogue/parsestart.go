package dialogue

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// start reads run and shell.
func (p *parser) start(l *scanner, name string) (Op, *Problem) {
	var la Launch
	var prompt Text
	from := l.i
	known := []string{"as", "size", "env", "cwd"}
	if name == "shell" {
		known = append(known, "prompt")
	}
	err := p.options(l, known, func(opt string) *Problem {
		var err *Problem
		switch opt {
		case "as":
			var w word
			if la.As, w, err = p.literal(l, "a name"); err == nil && !isName(la.As) {
				err = l.problem(w.start, w.end, "a name has letters, digits and _, and begins with a letter", "")
			}
		case "size":
			la.Size, err = p.size(l)
		case "env":
			var e Text
			if e, err = p.env(l); err == nil {
				la.Env = append(la.Env, e)
			}
		case "cwd":
			la.Cwd, err = p.text(l, "a directory")
		case "prompt":
			prompt, err = p.text(l, "a prompt")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() { p.programs[la.As] = true }()
	if name == "shell" {
		kinds := []string{"bash", "zsh", "fish", "sh"}
		kind := "bash"
		if !l.end() {
			var w word
			if kind, w, err = p.literal(l, "a shell"); err != nil {
				return nil, err
			}
			if !slices.Contains(kinds, kind) {
				return nil, l.problem(w.start, w.end, fmt.Sprintf("there is no clean start for the shell %q%s", clip(kind), didYouMean(kind, kinds)), "possible: "+strings.Join(kinds, ", ")+"; anything else can be started with run")
			}
		}
		return &Shell{la, kind, prompt}, nil
	}
	var args []Text
	for !l.end() {
		w, err := l.word()
		if err != nil {
			return nil, err
		}
		if err := p.checkVars(l, w); err != nil {
			return nil, err
		}
		args = append(args, w.text)
	}
	if len(args) == 0 || len(args[0]) == 0 {
		return nil, l.problem(from, len(l.s), "here a command is missing", "as in: run vim notes.txt")
	}
	return &Run{la, args}, nil
}

// options reads --name VALUE and --name=VALUE up to the first other word or --.
func (p *parser) options(l *scanner, known []string, f func(name string) *Problem) *Problem {
	for !l.end() && strings.HasPrefix(l.s[l.i:], "--") {
		from := l.i
		end := from + 2
		for end < len(l.s) && !isBlank(l.s[end]) && l.s[end] != '=' {
			end++
		}
		name := l.s[from+2 : end]
		l.i = end
		if name == "" && end-from == 2 && (end == len(l.s) || isBlank(l.s[end])) {
			return nil
		}
		if !slices.Contains(known, name) {
			return l.problem(from, end, fmt.Sprintf("there is no option --%s here%s", clip(name), didYouMean("--"+name, dashed(known))), "possible: --"+strings.Join(known, ", --")+"; to end the options write --")
		}
		if end < len(l.s) && l.s[end] == '=' {
			l.i++
			if l.i < len(l.s) && isBlank(l.s[l.i]) {
				return l.problem(from, end+1, "the value of --"+name+" is missing", "")
			}
		}
		if l.end() {
			return l.problem(from, end, "the value of --"+name+" is missing", "")
		}
		if err := f(name); err != nil {
			return err
		}
	}
	return nil
}

func dashed(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, "--"+n)
	}
	return out
}

// stillKinds are the pictures that can be made of a screen.
var stillKinds = []string{".txt", ".ans", ".svg", ".png", ".html", ".json"}

func (p *parser) screenshot(l *scanner) (Op, *Problem) {
	l.blanks()
	from := l.i
	t, err := p.text(l, "a file")
	if err != nil {
		return nil, err
	}
	if last := t[len(t)-1]; last.Var == "" && !slices.Contains(stillKinds, filepath.Ext(last.Lit)) {
		return nil, l.problem(from, l.i, "the file's name does not say what kind of picture it is", "possible: "+strings.Join(stillKinds, ", "))
	}
	return &Screenshot{t}, nil
}

func (p *parser) require(l *scanner) (Op, *Problem) {
	op := &Require{}
	for first := true; first || !l.end(); first = false {
		s, _, err := p.literal(l, "a program")
		if err != nil {
			return nil, err
		}
		op.Programs = append(op.Programs, s)
	}
	return op, nil
}

func (p *parser) output(l *scanner) (Op, *Problem) {
	s, w, err := p.literal(l, "a file")
	if err != nil {
		return nil, err
	}
	if why, hint := badOutput(s); why != "" {
		return nil, l.problem(w.start, w.end, why, hint)
	}
	return &Output{s}, nil
}

// recordingKinds are the recordings that an output may be, and the pictures that
// move.
var recordingKinds = []string{".cast", ".gif"}

// badOutput says why no output of this name can be made, and what can.
func badOutput(name string) (why, hint string) {
	ext := strings.ToLower(filepath.Ext(name))
	if slices.Contains(recordingKinds, ext) || slices.Contains(stillKinds, ext) || ext == ".ascii" {
		return "", ""
	}
	hint = "possible: .cast, a recording that players and converters read, .gif, and " + strings.Join(stillKinds, ", ") + ", the screen at the end"
	switch ext {
	case ".mp4", ".webm":
		return "no video is made here: " + clip(name), hint
	}
	return "the file's name does not say what is to be made: " + clip(name), hint
}
