package torchargs

import "fmt"

// UsageError is a mistake on the command line or in a variable that stands for
// an option. The caller exits with status 2.
type UsageError struct {
	// Text says what is wrong, in argparse's terms; Hint, which may be empty,
	// what to do about it.
	Text, Hint string
}

// Error is one line, or two where there is a hint.
func (e *UsageError) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + "\n  hint: " + e.Hint
}

func usagef(hint, format string, args ...any) *UsageError {
	return &UsageError{Text: fmt.Sprintf(format, args...), Hint: hint}
}

// shown keeps a message readable when what was typed is very long.
func shown(s string) string {
	const limit = 80
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return fmt.Sprintf("%q", s)
}
