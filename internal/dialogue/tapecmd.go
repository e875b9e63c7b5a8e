package dialogue

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// count takes the number that may follow a key; 1 if none does.
func (t *tape) count() (int, *Problem) {
	if !t.same() {
		return 1, nil
	}
	if c := t.rest()[0]; c < '0' || c > '9' {
		return 1, nil
	}
	v := t.bare()
	n, err := strconv.Atoi(v.text)
	if err != nil || n < 1 || n > maxKeyCount {
		return 0, &Problem{At: v.at, Why: fmt.Sprintf("%q is no number of times", clip(v.text)), Hint: fmt.Sprintf("a whole number from 1 to %d", maxKeyCount)}
	}
	return n, nil
}

// maxKeyCount bounds how often one command presses a key.
const maxKeyCount = 10_000

func (t *tape) press(w tapeWord, key string, pace Opt) *Problem {
	n, err := t.count()
	if err != nil {
		return err
	}
	if why, hint := badKeys(key); why != "" {
		return &Problem{At: w.at, Why: why, Hint: hint}
	}
	if n > 1 {
		key += "*" + strconv.Itoa(n)
	}
	t.emit(w.at, &Press{Keys: []string{key}, Pace: pace})
	return nil
}

// typing reads Type "…" "…": several strings are typed with blanks between.
func (t *tape) typing(w tapeWord, pace Opt) *Problem {
	v, err := t.value("a text")
	if err != nil {
		return err
	}
	if v.kind == 0 || v.kind == '{' {
		return &Problem{At: v.at, Why: "a text in quotes is expected", Hint: `as in Type "ls -l"`}
	}
	parts := []string{v.text}
	for t.same() && strings.IndexByte("\"'`", t.rest()[0]) >= 0 {
		if v, err = t.value("a text"); err != nil {
			return err
		}
		parts = append(parts, v.text)
	}
	if s := strings.Join(parts, " "); s != "" {
		t.emit(w.at, &Type{Text: Literal(s), Pace: pace})
	}
	return nil
}

func (t *tape) wait(w tapeWord, scope string, within Opt) *Problem {
	re := t.pattern
	if t.same() && t.rest()[0] == '/' {
		var err *Problem
		if re, err = t.regex(); err != nil {
			return err
		}
	}
	c := Cond{Status: -1}
	switch scope {
	case "Screen":
		c.Regexp = re
	case "Line", "":
		c.Line = re
	default:
		return &Problem{At: w.at, Why: fmt.Sprintf("Wait knows no %q%s", clip(scope), didYouMean(scope, []string{"Screen", "Line"})), Hint: "Wait+Screen or Wait+Line"}
	}
	t.emit(w.at, &Wait{c, within})
	return nil
}

func (t *tape) output(w tapeWord, sourced bool) *Problem {
	v, err := t.text("a file")
	if err != nil {
		return err
	}
	if sourced {
		t.warn(v.at, "an Output in a tape that another one sources has no effect", "")
		return nil
	}
	if why, hint := badOutput(v.text); why != "" {
		t.warn(v.at, why, hint)
		return nil
	}
	if ext := strings.ToLower(filepath.Ext(v.text)); ext == ".txt" || ext == ".ascii" {
		t.warn(v.at, clip(v.text)+" gets the screen at the end, not that of every frame", "")
	}
	t.emit(w.at, &Output{v.text})
	return nil
}

func (t *tape) setEnv(w tapeWord) *Problem {
	k, err := t.text("a variable of the environment")
	if err != nil {
		return err
	}
	v, err := t.value("its value")
	if err != nil {
		return err
	}
	if strings.ContainsAny(k.text, "=\x00") || strings.Contains(v.text, "\x00") {
		return &Problem{At: k.at, Why: "this is no variable of the environment", Hint: `as in Env LANG "C"`}
	}
	if t.started {
		t.warn(w.at, "Env after the shell was started has no effect", "put it above the first command")
		return nil
	}
	t.emit(w.at, &Set{Name: "env", Env: Literal(k.text + "=" + v.text)})
	return nil
}

func (t *tape) source(stack []string) *Problem {
	v, err := t.text("a tape")
	if err != nil {
		return err
	}
	path := beside(t.name, v.text)
	switch {
	case !isTape(path):
		return &Problem{At: v.at, Why: "only a .tape can be sourced"}
	case slices.Contains(stack, path):
		return &Problem{At: v.at, Why: "the tape sources itself"}
	case t.files >= maxIncludes:
		return &Problem{At: v.at, Why: fmt.Sprintf("more than %d tapes are sourced", maxIncludes)}
	}
	src, bad := t.o.open(path)
	if bad != nil {
		return &Problem{At: v.at, Why: "the tape cannot be read: " + reason(bad), Hint: "names are relative to the tape that sources it"}
	}
	t.file(path, src, stack)
	return nil
}

// tapeTime reads a time of a tape: without a unit it is seconds.
func tapeTime(s string) (time.Duration, string) {
	text := s
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Sprintf("%q is no time", clip(s))
	}
	return d, ""
}
