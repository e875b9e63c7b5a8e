package job

import (
	"fmt"
	"strconv"
)

// Stream is one of a worker's standard streams, by descriptor number.
type Stream uint8

// Standard input is StreamStdin because Stdin is the type that says who reads it.
const (
	StreamStdin Stream = 0
	Stdout      Stream = 1
	Stderr      Stream = 2
)

// ParseStream reads "stdin", "stdout" or "out", "stderr" or "err".
func ParseStream(s string) (Stream, error) {
	switch s {
	case "stdin", "in":
		return StreamStdin, nil
	case "stdout", "out":
		return Stdout, nil
	case "stderr", "err":
		return Stderr, nil
	}
	words := []string{"stdin", "stdout", "stderr", "out", "err"}
	return 0, fmt.Errorf("parsing stream %q: not a stream%s (allowed: out, err, stdout, stderr)",
		shorten(s), didYouMean(s, words))
}

// String is "stdin", "stdout" or "stderr".
func (s Stream) String() string {
	switch s {
	case StreamStdin:
		return "stdin"
	case Stdout:
		return "stdout"
	case Stderr:
		return "stderr"
	}
	return "stream " + strconv.Itoa(int(s))
}

// MarshalText is String for the three streams there are.
func (s Stream) MarshalText() ([]byte, error) {
	if s > Stderr {
		return nil, fmt.Errorf("writing stream: there is no stream %d", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText is ParseStream.
func (s *Stream) UnmarshalText(text []byte) error {
	v, err := ParseStream(string(text))
	if err == nil {
		*s = v
	}
	return err
}

// Set makes a *Stream a flag value.
func (s *Stream) Set(text string) error { return s.UnmarshalText([]byte(text)) }

// Type is the word that help pages show for the value.
func (*Stream) Type() string { return "stream" }

// Has tells whether the stream is in the set. Stdin never is.
func (s Std) Has(stream Stream) bool {
	switch stream {
	case Stdout:
		return s&Out != 0
	case Stderr:
		return s&Err != 0
	}
	return false
}

// String is the name that ParseStreamSpec takes: none, out, err or all.
func (s Std) String() string {
	switch s & All {
	case Out:
		return "out"
	case Err:
		return "err"
	case All:
		return "all"
	}
	return "none"
}
