package play

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sluicerun/sluice/keys"
)

// prompt is a line that is being typed.
type prompt struct {
	open bool
	text string
}

// maxPrompt bounds what is typed, in bytes.
const maxPrompt = 500

// key takes a key. done says that the line is complete.
func (p *prompt) key(u keys.Unit, k keys.Key) (done bool) {
	switch k {
	case keys.Key{Code: keys.Enter}:
		p.open = false
		return true
	case keys.Key{Code: keys.Escape}, keys.Key{Code: 'c', Mods: keys.Ctrl}, keys.Key{Code: 'g', Mods: keys.Ctrl}:
		p.open, p.text = false, ""
	case keys.Key{Code: keys.Backspace}, keys.Key{Code: 'h', Mods: keys.Ctrl}:
		if p.text == "" {
			p.open = false
			break
		}
		_, n := utf8.DecodeLastRuneInString(p.text)
		p.text = p.text[:len(p.text)-n]
	case keys.Key{Code: 'u', Mods: keys.Ctrl}:
		p.text = ""
	default:
		if k.IsChar() && k.Mods&^keys.Shift == 0 && u.Kind == keys.Text && len(p.text)+len(u.Bytes) <= maxPrompt {
			p.text += string(u.Bytes)
		}
	}
	return false
}

// pattern reads what was typed: an expression, in any case unless it has a capital
// letter; what is none is looked for as it is.
func pattern(text string) *regexp.Regexp {
	fold := ""
	if strings.ToLower(text) == text {
		fold = "(?i)"
	}
	re, err := regexp.Compile(fold + text)
	if err != nil {
		re = regexp.MustCompile(fold + regexp.QuoteMeta(text))
	}
	return re
}
