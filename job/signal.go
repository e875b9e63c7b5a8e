package job

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Signal is a signal by its number on this system. 0 means none.
type Signal int

// ParseSignal reads "TERM", "SIGTERM", "15" or "RTMIN+3", in any case.
func ParseSignal(s string) (Signal, error) {
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "SIG")
	if n, err := strconv.Atoi(name); err == nil {
		if n < 1 || n > maxSignal {
			return 0, fmt.Errorf("parsing signal %q: signals are numbered 1 to %d", shorten(s), maxSignal)
		}
		return Signal(n), nil
	}
	if sig := realtimeSignal(name); sig != 0 {
		return sig, nil
	}
	switch name {
	case "IOT":
		name = "ABRT"
	case "CLD":
		name = "CHLD"
	case "POLL":
		name = "IO"
	}
	if n := signalNumber("SIG" + name); n != 0 {
		return Signal(n), nil
	}
	return 0, fmt.Errorf("parsing signal %q: there is no such signal%s", shorten(s), didYouMean(name, signalNames()))
}

// realtimeSignal reads RTMIN, RTMIN+3, RTMAX-1; anything else gives 0.
func realtimeSignal(name string) Signal {
	if rtMin == 0 {
		return 0
	}
	base, rest := rtMin, ""
	if after, ok := strings.CutPrefix(name, "RTMIN"); ok {
		rest = after
	} else if after, ok := strings.CutPrefix(name, "RTMAX"); ok {
		base, rest = maxSignal, after
	} else {
		return 0
	}
	off := 0
	if rest != "" {
		var err error
		if off, err = strconv.Atoi(rest); err != nil || isDigit(rest[0]) {
			return 0
		}
	}
	if n := base + off; n >= rtMin && n <= maxSignal {
		return Signal(n)
	}
	return 0
}

func signalNames() []string {
	var names []string
	for n := 1; n <= maxSignal; n++ {
		if name := signalName(n); name != "" {
			names = append(names, strings.TrimPrefix(name, "SIG"))
		}
	}
	return slices.Clip(names)
}

// String is "SIGTERM", "SIGRTMIN+3", or "SIG32" for a number without a name;
// "" for none.
func (s Signal) String() string {
	n := int(s)
	if n == 0 {
		return ""
	}
	if name := signalName(n); name != "" {
		return name
	}
	switch {
	case rtMin != 0 && n == rtMin:
		return "SIGRTMIN"
	case rtMin != 0 && n > rtMin && n <= maxSignal:
		return "SIGRTMIN+" + strconv.Itoa(n-rtMin)
	}
	return "SIG" + strconv.Itoa(n)
}

// MarshalText gives the name, which means the same on every system.
func (s Signal) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseSignal, except that an empty text means none.
func (s *Signal) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = 0
		return nil
	}
	return s.Set(string(text))
}

// Set makes a *Signal a flag value.
func (s *Signal) Set(text string) error {
	v, err := ParseSignal(text)
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// Type is the word that help pages show for the value.
func (*Signal) Type() string { return "signal" }
