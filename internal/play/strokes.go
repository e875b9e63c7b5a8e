package play

import (
	"strings"
	"time"

	"github.com/sluicerun/sluice/keys"
)

// strokeTime is how long, in the clock's time, what was typed is shown.
const strokeTime = 2 * time.Second

// maxStrokes is how much of it, in characters.
const maxStrokes = 30

// strokes are the keys that the recording has as input.
type strokes struct {
	on    bool
	split keys.Splitter
	text  []string
	until time.Time
}

func (s *strokes) add(p []byte, now time.Time) {
	if now.After(s.until) {
		s.text = s.text[:0]
	}
	s.until = now.Add(strokeTime)
	// What an event holds came from one read; what is left is a key of its own.
	for _, u := range append(s.split.Feed(p), s.split.Flush()...) {
		switch u.Kind {
		case keys.Reply, keys.MouseReport, keys.FocusReport, keys.Invalid:
			continue
		case keys.Pasted:
			s.text = append(s.text, "<paste>")
			continue
		}
		k, ok := keyOf(u)
		switch {
		case !ok:
		case k.IsChar() && k.Mods&^keys.Shift == 0 && k.Code > ' ':
			s.text = append(s.text, string(u.Bytes))
		default:
			s.text = append(s.text, "<"+k.String()+">")
		}
	}
	for len(s.text) > 1 && len([]rune(strings.Join(s.text, ""))) > maxStrokes {
		s.text = s.text[1:]
	}
}

// shown is what is to be seen now.
func (s *strokes) shown(now time.Time) string {
	if !s.on || len(s.text) == 0 || now.After(s.until) {
		return ""
	}
	return " " + strings.Join(s.text, "") + " "
}

// forget is for when the recording stands somewhere else.
func (s *strokes) forget() { s.text = s.text[:0] }
