package keys

import (
	"strconv"
	"strings"
)

// MaxRepeat is how often Name*N may repeat one key, and MaxKeys how many keys
// one call of [ParseAll] may give.
const (
	MaxRepeat = 10_000
	MaxKeys   = 100_000
)

// ParseAll reads the names of keys. An argument may hold several, separated by
// blanks ("Ctrl+X m"); the full name of a modifier may stand apart from its key
// ("Ctrl Alt b"); Down*3 is the key three times. Errors are an [*Error] that
// points into the argument.
func ParseAll(args []string) ([]Key, error) {
	var out []Key
	for _, arg := range args {
		keys, err := parseList(arg, MaxKeys-len(out))
		if err != nil {
			return nil, err
		}
		if len(keys) == 0 {
			return nil, &Error{Why: "the name of a key is empty", Hint: "the blank is called Space"}
		}
		out = append(out, keys...)
	}
	return out, nil
}

// parseList reads the keys of one argument, at most most of them.
func parseList(arg string, most int) ([]Key, *Error) {
	var out []Key
	var held Mods
	heldAt, several := 0, false
	for off, word := range words(arg) {
		several = several || off > 0
		if m := modifier(word); m != 0 && len(word) > 1 {
			if held == 0 {
				heldAt = off
			}
			held |= m
			continue
		}
		keys, err := parseRepeated(word, held, most-len(out))
		if err != nil {
			if several || len(word) < len(arg) {
				err.at(arg, off)
			}
			return nil, err
		}
		held = 0
		out = append(out, keys...)
	}
	if held != 0 {
		e := &Error{Why: "no key follows the modifier in " + quote(arg[heldAt:]), Hint: "a modifier as a key of its own is called LeftShift, LeftCtrl, LeftAlt, LeftSuper"}
		return nil, e.at(arg, heldAt)
	}
	return out, nil
}

// parseRepeated reads Name or Name*N, with the modifiers held besides.
func parseRepeated(word string, held Mods, most int) ([]Key, *Error) {
	n := 1
	name := word
	if i := strings.LastIndexByte(word, '*'); i > 0 && i < len(word)-1 && isDigits(word[i+1:]) {
		var err error
		n, err = strconv.Atoi(word[i+1:])
		if err != nil || n < 1 || n > MaxRepeat {
			return nil, &Error{Why: "cannot repeat a key " + word[i+1:] + " times: the number must be 1 to " + strconv.Itoa(MaxRepeat)}
		}
		name = word[:i]
	}
	k, err := parse(name, held)
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, &Error{Why: "more than " + strconv.Itoa(MaxKeys) + " keys at once", Hint: "send them in several calls"}
	}
	out := make([]Key, n)
	for i := range out {
		out[i] = k
	}
	return out, nil
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// words goes through the words of s with their places in it.
func words(s string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for i := 0; i < len(s); {
			if isBlank(s[i]) {
				i++
				continue
			}
			start := i
			for i < len(s) && !isBlank(s[i]) {
				i++
			}
			if !yield(start, s[start:i]) {
				return
			}
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
