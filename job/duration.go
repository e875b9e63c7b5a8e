package job

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Forever is the Duration that never ends. Every negative one means the same.
const Forever Duration = -1

// ParseDuration reads Go's durations ("1m30s"), days as well ("2d12h"), a plain
// number as seconds ("90", "0.5"), and "forever", "inf" or "never" as a
// negative duration.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	switch text {
	case "forever", "inf", "infinity", "never":
		return time.Duration(Forever), nil
	}
	d, err := sumDuration(text)
	if err != nil {
		return 0, fmt.Errorf("parsing duration %q: %w (allowed: 30, 1.5s, 1m30s, 2d, forever)", shorten(s), err)
	}
	return d, nil
}

func sumDuration(text string) (time.Duration, error) {
	switch {
	case text == "":
		return 0, errors.New("it is empty")
	case text[0] == '-':
		return 0, errors.New("it is negative")
	}
	var sum time.Duration
	for rest := text; rest != ""; {
		n := 0
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '.') {
			n++
		}
		u := n
		for u < len(rest) && !isDigit(rest[u]) && rest[u] != '.' {
			u++
		}
		number, unit := rest[:n], rest[n:u]
		if unit == "" && (number != text || number == "") {
			return 0, fmt.Errorf("%q has no unit", shorten(number))
		}
		d, err := oneDuration(number, unit)
		if err != nil {
			return 0, err
		}
		if sum > math.MaxInt64-d {
			return 0, errors.New("it is longer than 292 years: write forever")
		}
		sum += d
		rest = rest[u:]
	}
	return sum, nil
}

func oneDuration(number, unit string) (time.Duration, error) {
	factor := time.Duration(1)
	switch unit {
	case "":
		unit = "s"
	case "d":
		unit, factor = "h", 24
	}
	// The standard parser words its errors in terms of the whole text, which
	// is not what was typed here.
	d, err := time.ParseDuration(number + unit)
	switch {
	case number == "" || strings.Count(number, ".") > 1 || number == ".":
		return 0, errors.New("a number is missing")
	case err != nil && validUnit(unit), err == nil && d > math.MaxInt64/factor:
		return 0, errors.New("it is longer than 292 years: write forever")
	case err != nil:
		return 0, fmt.Errorf("%q is no unit of time", shorten(unit))
	}
	return d * factor, nil
}

func validUnit(unit string) bool {
	_, err := time.ParseDuration("1" + unit)
	return err == nil
}

// Std is the duration as package time has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the shortest text ParseDuration reads as the same: "1m30s", "2h",
// "0", "forever".
func (d Duration) String() string {
	switch {
	case d < 0:
		return "forever"
	case d == 0:
		return "0"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDuration, except that an empty text is 0.
func (d *Duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	return d.Set(string(text))
}

// Set makes a *Duration a flag value.
func (d *Duration) Set(text string) error {
	v, err := ParseDuration(text)
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}

// Type is the word that help pages show for the value.
func (*Duration) Type() string { return "duration" }
