package job

import (
	"fmt"
	"slices"
	"strings"
)

// parseWord reads one of a few words; what names the policy in errors.
func parseWord[T ~string](what, s string, words ...T) (T, error) {
	text := strings.TrimSpace(s)
	if slices.Contains(words, T(text)) {
		return T(text), nil
	}
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	return "", fmt.Errorf("parsing %s %q: there is no such choice%s (allowed: %s)",
		what, shorten(s), didYouMean(text, names), strings.Join(names, ", "))
}

// setWord stores what parse gives, if it gives something.
func setWord[T any](dst *T, text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err == nil {
		*dst = v
	}
	return err
}

// ParseExitCodePolicy reads first, max, lowest-rank, any or count.
func ParseExitCodePolicy(s string) (ExitCodePolicy, error) {
	return parseWord("exit code policy", s, ExitFirst, ExitMax, ExitLowestRank, ExitAny, ExitCount)
}

// String is the policy in force: "first" for the zero value.
func (p ExitCodePolicy) String() string { return orDefault(p, ExitFirst) }

// Set makes an *ExitCodePolicy a flag value.
func (p *ExitCodePolicy) Set(text string) error { return setWord(p, text, ParseExitCodePolicy) }

// Type is the word that help pages show for the value.
func (*ExitCodePolicy) Type() string { return "policy" }

// ParseFullPolicy reads block, drop or stop.
func ParseFullPolicy(s string) (FullPolicy, error) {
	return parseWord("disk-full policy", s, FullBlock, FullDrop, FullStop)
}

// String is the policy in force: "block" for the zero value.
func (p FullPolicy) String() string { return orDefault(p, FullBlock) }

// Set makes a *FullPolicy a flag value.
func (p *FullPolicy) Set(text string) error { return setWord(p, text, ParseFullPolicy) }

// Type is the word that help pages show for the value.
func (*FullPolicy) Type() string { return "policy" }

// ParseDeathPolicy reads stop or keep.
func ParseDeathPolicy(s string) (DeathPolicy, error) {
	return parseWord("launcher-death policy", s, DeathStop, DeathKeep)
}

// String is the policy in force: "stop" for the zero value.
func (p DeathPolicy) String() string { return orDefault(p, DeathStop) }

// Set makes a *DeathPolicy a flag value.
func (p *DeathPolicy) Set(text string) error { return setWord(p, text, ParseDeathPolicy) }

// Type is the word that help pages show for the value.
func (*DeathPolicy) Type() string { return "policy" }

// ParseRestartScope reads gang or worker.
func ParseRestartScope(s string) (RestartScope, error) {
	return parseWord("restart scope", s, RestartGang, RestartWorker)
}

// String is the scope in force: "gang" for the zero value.
func (s RestartScope) String() string { return orDefault(s, RestartGang) }

// Set makes a *RestartScope a flag value.
func (s *RestartScope) Set(text string) error { return setWord(s, text, ParseRestartScope) }

// Type is the word that help pages show for the value.
func (*RestartScope) Type() string { return "scope" }

func orDefault[T ~string](v, zero T) string {
	if v == "" {
		return string(zero)
	}
	return string(v)
}
