package torchargs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// errNumber says that a text is no number at all; the caller words it.
var errNumber = errors.New("no number")

// parseInt reads what Python's int reads: spaces around it, a sign, leading
// zeros, single underscores between digits. Digits are those of ASCII.
func parseInt(s string) (int, error) {
	digits, ok := joinDigits(strings.TrimSpace(s))
	if !ok {
		return 0, errNumber
	}
	n, err := strconv.Atoi(digits)
	if errors.Is(err, strconv.ErrRange) {
		return 0, errors.New("the number is too large")
	}
	if err != nil {
		return 0, errNumber
	}
	return n, nil
}

// parseFloat reads what Python's float reads. Hexadecimal is none of it.
func parseFloat(s string) (float64, error) {
	digits, ok := joinDigits(strings.TrimSpace(s))
	if !ok || strings.ContainsAny(digits, "xXpP") {
		return 0, errNumber
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, errNumber
	}
	return f, nil
}

// joinDigits removes underscores that stand between two digits; there may be no
// others.
func joinDigits(s string) (string, bool) {
	if !strings.Contains(s, "_") {
		return s, true
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] != '_' {
			b.WriteByte(s[i])
			continue
		}
		if i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1]) {
			return "", false
		}
	}
	return b.String(), true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// looksNegative tells whether argparse takes a word that begins with a dash for
// a negative number, and so for a value: -1, -1.5, -.5.
func looksNegative(s string) bool {
	s, ok := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(s, ".")
	all := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return ok && all(whole) && all(frac) && (dot && frac != "" || !dot && whole != "")
}

// seconds turns a number of seconds into a duration; it may be fractional.
func seconds(f float64) (time.Duration, error) {
	switch {
	case math.IsNaN(f):
		return 0, errors.New("it is not a number of seconds")
	case f < 0:
		return 0, errors.New("it must not be negative")
	case f >= math.MaxInt64/float64(time.Second):
		return 0, errors.New("it is longer than 292 years")
	}
	return time.Duration(f * float64(time.Second)), nil
}
