package job

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Template is the text put before a worker's lines, with fields in braces:
// "[{role}{rank:4}] ". Parse it once, Append it often; it is immutable and may
// be used from many goroutines.
//
// The zero value is the empty template.
type Template struct {
	text  string
	parts []templatePart
}

// Fields are what a template may tell about a line.
type Fields struct {
	Rank      int
	LocalRank int
	Attempt   int
	Role      string
	Host      string
	Stream    Stream
	// Time is printed in its own location.
	Time time.Time
}

type templateField uint8

const (
	fieldLiteral templateField = iota
	fieldRank
	fieldLocalRank
	fieldRole
	fieldHost
	fieldStream
	fieldAttempt
	fieldTime
)

// fieldNames is indexed by templateField.
func fieldNames() []string {
	return []string{"", "rank", "local_rank", "role", "host", "stream", "attempt", "time"}
}

type templatePart struct {
	field templateField
	text  string // the literal, or the layout of a time
	width int    // at least that many characters, filled up on the left
}

// Layouts of {time:...} that are words.
const (
	layoutDefault = "15:04:05.000"
	layoutISO     = "2006-01-02T15:04:05.000Z07:00"
	layoutUnix    = "unix" // seconds since 1970, with milliseconds
)

// Append appends the template, filled in, to dst. It allocates only where dst
// is too small.
func (t *Template) Append(dst []byte, f *Fields) []byte {
	for i := range t.parts {
		p := &t.parts[i]
		begin := len(dst)
		switch p.field {
		case fieldLiteral:
			dst = append(dst, p.text...)
		case fieldRank:
			dst = strconv.AppendInt(dst, int64(f.Rank), 10)
		case fieldLocalRank:
			dst = strconv.AppendInt(dst, int64(f.LocalRank), 10)
		case fieldAttempt:
			dst = strconv.AppendInt(dst, int64(f.Attempt), 10)
		case fieldRole:
			dst = append(dst, f.Role...)
		case fieldHost:
			dst = append(dst, f.Host...)
		case fieldStream:
			dst = append(dst, f.Stream.String()...)
		case fieldTime:
			dst = appendTime(dst, f.Time, p.text)
		}
		if p.width > 0 {
			dst = alignRight(dst, begin, p.width)
		}
	}
	return dst
}

func appendTime(dst []byte, t time.Time, layout string) []byte {
	if layout != layoutUnix {
		return t.AppendFormat(dst, layout)
	}
	ms := t.UnixMilli()
	if ms < 0 {
		dst = append(dst, '-')
		ms = -ms
	}
	dst = strconv.AppendInt(dst, ms/1000, 10)
	return append(dst, '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10))
}

// alignRight fills what was appended since begin up to width characters.
func alignRight(dst []byte, begin, width int) []byte {
	missing := width - utf8.RuneCount(dst[begin:])
	if missing <= 0 {
		return dst
	}
	end := len(dst)
	for range missing {
		dst = append(dst, ' ')
	}
	copy(dst[begin+missing:], dst[begin:end])
	for i := range missing {
		dst[begin+i] = ' '
	}
	return dst
}

// Uses tells whether the template has the field: "rank", "time", ...
func (t *Template) Uses(name string) bool {
	i := slices.Index(fieldNames(), name)
	return i > 0 && slices.ContainsFunc(t.parts, func(p templatePart) bool {
		return p.field == templateField(i)
	})
}

// Equal tells whether two templates have the same text.
func (t Template) Equal(u Template) bool { return t.text == u.text }

// String is the text the template was parsed from.
func (t Template) String() string { return t.text }

// MarshalText gives the text the template was parsed from.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText is ParseTemplate.
func (t *Template) UnmarshalText(text []byte) error { return t.Set(string(text)) }

// Set makes a *Template a flag value.
func (t *Template) Set(text string) error {
	v, err := ParseTemplate(text)
	if err != nil {
		return err
	}
	*t = v
	return nil
}

// Type is the word that help pages show for the value.
func (*Template) Type() string { return "template" }
