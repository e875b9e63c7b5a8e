package job

import (
	"strconv"
	"strings"
)

// UsageError is one thing that is inconsistent in a Spec.
type UsageError struct {
	// Field is the field's name as in the Spec's JSON, with dots: "stdin",
	// "restart.max", "env". Front ends put their flag's name there.
	Field string
	// Value is what it was set to, as text; it may be empty.
	Value string
	// Why says what is wrong with it, Hint (which may be empty) what to do.
	Why  string
	Hint string
}

// Error is one line, or two where there is a hint.
func (e *UsageError) Error() string {
	var b strings.Builder
	b.WriteString("invalid ")
	b.WriteString(e.Field)
	if e.Value != "" {
		b.WriteByte(' ')
		b.WriteString(strconv.Quote(shorten(e.Value)))
	}
	b.WriteString(": ")
	b.WriteString(e.Why)
	if e.Hint != "" {
		b.WriteString("\n  hint: ")
		b.WriteString(e.Hint)
	}
	return b.String()
}
