package keys

import "strings"

// Piece is a stretch of text or one key.
type Piece struct {
	// Text is not empty for text; otherwise the piece is Key.
	Text string
	Key  Key
}

// Expand reads text in which keys stand between angle brackets, as vim writes
// them: "ihello<Esc>:wq<Enter>", "<C-x>", "<Down*3>". <lt> is the character <,
// and > alone needs no care. What stands between is a name as [ParseAll] takes
// it, without blanks. Errors are an [*Error] that points into s.
func Expand(s string) ([]Piece, error) {
	var out []Piece
	var text strings.Builder
	total := 0
	flush := func() {
		if text.Len() > 0 {
			out = append(out, Piece{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); {
		if s[i] != '<' {
			text.WriteByte(s[i])
			i++
			continue
		}
		n, err := bracketed(s[i:])
		if err != nil {
			return nil, err.at(s, i)
		}
		name := s[i+1 : i+n-1]
		keys, err := parseRepeated(name, 0, MaxKeys-total)
		if err != nil {
			if err.Hint == "" || strings.HasPrefix(err.Hint, "to type") {
				err.Hint = "for the character < write <lt>"
			}
			return nil, err.at(s, i)
		}
		total += len(keys)
		for _, k := range keys {
			if r, ok := k.text(); ok {
				text.WriteRune(r)
				continue
			}
			flush()
			out = append(out, Piece{Key: k})
		}
		i += n
	}
	flush()
	return out, nil
}

// bracketed returns how long the name with its brackets is at the beginning of s.
func bracketed(s string) (int, *Error) {
	const longest = 64
	for i := 1; i < len(s) && i <= longest; i++ {
		switch {
		case s[i] == '<' && i == 1 && len(s) > 2 && s[2] == '>':
			continue // <<> is the character, too
		case s[i] == '<' && !strings.ContainsRune("-+^", rune(s[i-1])):
			return 0, &Error{Why: "a name in brackets is not closed before the next one begins", Hint: "for the character < write <lt>"}
		case s[i] != '>' || i == 1:
		case i+1 < len(s) && s[i+1] == '>' && unfinished(s[1:i]):
			// <C->> is Ctrl and the character >.
		default:
			return i + 1, nil
		}
	}
	return 0, &Error{Why: "a key that begins here with < has no end >", Hint: "for the character < write <lt>"}
}

// unfinished reports whether name ends in modifiers, so that a character must
// follow: C-, Ctrl+, ^. C-^, C-- and KP- are keys.
func unfinished(name string) bool {
	if name == "^" {
		return true
	}
	if !strings.ContainsRune("-+", rune(name[len(name)-1])) {
		return false
	}
	_, err := parse(name, 0)
	return err != nil
}
