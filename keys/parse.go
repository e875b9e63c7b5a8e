package keys

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads the name of one key. All of these are Ctrl+Alt+x:
//
//	Ctrl+Alt+x  ctrl+alt+x  C-M-x  C-A-x  M-^x  <C-M-x>  \C-\M-x
//
// The name of a key counts in any case, with or without "_" and "-" (PageUp,
// page_up), and in the words of tmux, xdotool, kitty, vim, emacs and Playwright
// (PPage, Prior, Return, ArrowUp, CR, SPC). A single character is its own key,
// U+1F600 is the character with that number, 0x1b the one below 0x80 with that
// code. The case of a letter counts (A is Shift+a, Alt+A is Alt+Shift+a) unless
// Ctrl or Super is held. The error is an [*Error].
func Parse(s string) (Key, error) {
	k, err := parse(s, 0)
	if err != nil {
		return Key{}, err
	}
	return k, nil
}

// parse reads a key that has the modifiers mods besides those in its name.
func parse(s string, mods Mods) (Key, *Error) {
	if s == "" {
		return Key{}, &Error{Why: "the name of a key is empty", Hint: "the blank is called Space"}
	}
	rest := s
	if len(rest) > 2 && rest[0] == '<' && rest[len(rest)-1] == '>' {
		rest = rest[1 : len(rest)-1]
	}
	for {
		if len(rest) > 3 && rest[0] == '\\' && (rest[1] == 'C' || rest[1] == 'M') && rest[2] == '-' {
			rest = rest[1:] // readline's \C-x
		}
		if r := []rune(rest); len(r) == 2 && r[0] == '^' {
			mods, rest = mods|Ctrl, rest[1:]
			break
		}
		i := strings.IndexAny(rest, "+-")
		if i <= 0 || i == len(rest)-1 {
			break
		}
		m := modifier(rest[:i])
		if m == 0 {
			break
		}
		mods, rest = mods|m, rest[i+1:]
	}
	k, ok, err := base(rest, mods)
	if err != nil {
		return Key{}, err
	}
	if !ok {
		return Key{}, unknown(s, rest, mods)
	}
	return k, nil
}

// base reads a key without modifiers, and adds mods to it.
func base(s string, mods Mods) (k Key, ok bool, err *Error) {
	if r, n := utf8.DecodeRuneInString(s); n == len(s) {
		k = char(r, mods)
		if r == utf8.RuneError && n == 1 {
			k = Key{}
		}
		return k, k.Code != 0, nil
	}
	if k, ok := names().keys[fold(s)]; ok {
		return add(k, mods), true, nil
	}
	// KP- is the only name in which "-" counts.
	if strings.EqualFold(s, "KP-") {
		return Key{KPSubtract, mods}, true, nil
	}
	digits, isByte := s, false
	switch {
	case len(s) > 2 && (s[:2] == "U+" || s[:2] == "u+"):
		digits = s[2:]
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X"):
		digits, isByte = s[2:], true
	default:
		return Key{}, false, nil
	}
	n, perr := strconv.ParseUint(digits, 16, 32)
	if perr != nil {
		return Key{}, false, nil
	}
	if isByte && n > 0x7f {
		return Key{}, false, &Error{
			Why:  "the code " + s + " is no ASCII character, so it could be a byte or a character",
			Hint: "write U+" + strings.ToUpper(digits) + " for the character; for a byte send raw bytes",
		}
	}
	if n > utf8.MaxRune {
		return Key{}, false, &Error{Why: s + " is past the last character, U+10FFFF"}
	}
	if k = char(rune(n), mods); k.Code == 0 {
		return Key{}, false, &Error{Why: s + " is not a character that a key can type"}
	}
	return k, true, nil
}

// add puts more modifiers on a named key.
func add(k Key, m Mods) Key {
	if k.IsChar() {
		return char(rune(k.Code), k.Mods|m)
	}
	return Key{k.Code, k.Mods | m}
}

// modifier is the modifier called s, or 0.
func modifier(s string) Mods {
	switch strings.ToLower(s) {
	case "c", "ctrl", "control", "ctl":
		return Ctrl
	case "a", "m", "alt", "meta", "opt", "option":
		return Alt
	case "s", "shift":
		return Shift
	case "d", "super", "win", "windows", "cmd", "command":
		return Super
	case "hyper":
		return Hyper
	}
	return 0
}

// unknown is the error for a name that is none; rest is what is left of whole
// after its modifiers.
func unknown(whole, rest string, mods Mods) *Error {
	e := &Error{Why: "unknown key " + quote(whole), Hint: "to type the text " + quote(whole) + ", use type"}
	if m := strings.TrimRight(rest, "+-"); m != rest && modifier(m) != 0 {
		e.Why = "no key follows the modifier in " + quote(whole)
		e.Hint = ""
		return e
	}
	name := ""
	if i := strings.IndexAny(rest, "+-"); i > 0 && i < len(rest)-1 {
		// Perhaps it is the modifier that is wrong: Crtl+C.
		if m := closest(rest[:i], modNames[:]); m != "" {
			if k, ok, err := base(rest[i+1:], 0); ok && err == nil {
				name = m + "+" + strings.TrimPrefix(k.String(), "Shift+")
			}
		}
	}
	if name == "" {
		name = suggest(rest)
	}
	if name == "" {
		return e
	}
	prefix := Key{'x', mods}.String()
	if mods == 0 {
		prefix = ""
	} else {
		prefix = prefix[:strings.LastIndexByte(prefix, '+')+1]
	}
	e.Why += ": did you mean " + prefix + name + "?"
	return e
}
