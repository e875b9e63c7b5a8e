package job

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const templateAllowed = "{rank} {local_rank} {role} {host} {stream} {attempt} {time}; " +
	"{rank:4} for a width; {time:15:04}, {time:iso}, {time:unix}; {{ and }} for braces"

// maxTemplateWidth bounds {rank:N}; a prefix wider than a screen is a mistake.
const maxTemplateWidth = 200

// ParseTemplate reads literal text with fields in braces:
//
//	{rank} {local_rank} {role} {host} {stream} {attempt}
//	{rank:4}        at least four characters, right-aligned (any field but time)
//	{time}          the arrival time as 15:04:05.000
//	{time:LAYOUT}   a layout of Go's package time, or iso, or unix
//	{{ and }}       the braces themselves
//
// A template is part of one line, so it may not hold line ends. Errors are
// *SyntaxError.
func ParseTemplate(s string) (Template, error) {
	t := Template{text: s}
	fail := func(pos int, why string) (Template, error) {
		return Template{}, &SyntaxError{What: "template", Text: s, Pos: pos, Why: why, Allowed: templateAllowed}
	}
	if i := strings.IndexAny(s, "\n\r\x00"); i >= 0 {
		return fail(i, "a template is part of one line: it cannot hold line ends or NUL bytes")
	}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, templatePart{text: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c != '{' && c != '}':
			literal.WriteByte(c)
			i++
		case strings.HasPrefix(s[i+1:], string(c)):
			literal.WriteByte(c)
			i += 2
		case c == '}':
			return fail(i, "a } that closes nothing: write }} for the brace itself")
		default:
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return fail(i, "a { that is never closed: write {{ for the brace itself")
			}
			flush()
			p, at, why := parseField(s[i+1 : i+end])
			if why != "" {
				return fail(i+1+at, why)
			}
			t.parts = append(t.parts, p)
			i += end + 1
		}
	}
	flush()
	return t, nil
}

// parseField reads what stands between braces; where it is wrong, at is the
// offset of the bad place.
func parseField(s string) (p templatePart, at int, why string) {
	name, arg, hasArg := strings.Cut(s, ":")
	names := fieldNames()
	i := slices.Index(names, name)
	switch {
	case name == "":
		return p, 0, "a field's name is missing"
	case i < 0:
		return p, 0, fmt.Sprintf("there is no field %q%s", shorten(name), didYouMean(name, names[1:]))
	}
	p.field = templateField(i)
	at = len(name) + 1
	if p.field == fieldTime {
		p.text, why = timeLayout(arg, hasArg)
		return p, at, why
	}
	if hasArg {
		p.width, why = fieldWidth(arg)
	}
	return p, at, why
}

func fieldWidth(arg string) (int, string) {
	n := 0
	for i := range len(arg) {
		if !isDigit(arg[i]) {
			return 0, fmt.Sprintf("%q is no width: only {time} takes a layout", shorten(arg))
		}
		if n = n*10 + int(arg[i]-'0'); n > maxTemplateWidth {
			return 0, fmt.Sprintf("the width is above %d", maxTemplateWidth)
		}
	}
	if n == 0 {
		return 0, "a width is missing"
	}
	return n, ""
}

func timeLayout(arg string, hasArg bool) (layout, why string) {
	switch {
	case !hasArg:
		return layoutDefault, ""
	case arg == "iso":
		return layoutISO, ""
	case arg == "unix":
		return layoutUnix, ""
	case arg == "":
		return "", "a time layout is missing"
	}
	// A layout in another language (%H:%M, HH:MM) holds nothing that changes
	// with the time: two instants that differ in everything print alike.
	a := time.Date(2001, 2, 3, 4, 5, 6, 700_000_000, time.UTC)
	b := time.Date(2019, 11, 29, 23, 58, 47, 123_456_789, time.FixedZone("X", 3600))
	if a.Format(arg) == b.Format(arg) {
		return "", fmt.Sprintf("%q shows no time: write the moment 2006-01-02 15:04:05.000 the way you want it", shorten(arg))
	}
	return arg, ""
}
