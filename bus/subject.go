package bus

import (
	"fmt"
	"strings"
)

// CheckMessage tells what is wrong with a subject or the size of the data that
// is sent to it. It and CheckPattern are for those who implement Bus.
func CheckMessage(subject string, data []byte) error {
	if err := check(subject, false); err != nil {
		return err
	}
	if len(data) > MaxMessage {
		return fmt.Errorf("%d bytes are too many for one message: it may have %d", len(data), MaxMessage)
	}
	return nil
}

// CheckPattern tells what is wrong with what Serve is to hear: a subject, perhaps
// with wildcards.
func CheckPattern(pattern string) error { return check(pattern, true) }

func check(subject string, wildcards bool) error {
	if subject == "" {
		return fmt.Errorf("a subject is empty")
	}
	for rest, more := subject, true; more; {
		var word string
		word, rest, more = strings.Cut(rest, ".")
		switch {
		case word == "":
			return fmt.Errorf("subject %q has an empty word", subject)
		case wildcards && (word == "*" || word == ">" && !more):
		case strings.IndexFunc(word, odd) >= 0:
			return fmt.Errorf("subject %q has the word %q: only letters, digits, \"-\" and \"_\" can be sent to", subject, word)
		}
	}
	return nil
}

func odd(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// matches tells whether who serves pattern hears what is sent to subject.
func matches(pattern, subject string) bool {
	for {
		p, restP, moreP := strings.Cut(pattern, ".")
		if p == ">" {
			return true
		}
		s, restS, moreS := strings.Cut(subject, ".")
		if p != "*" && p != s || moreP != moreS {
			return false
		}
		if !moreP {
			return true
		}
		pattern, subject = restP, restS
	}
}
