package job

import (
	"fmt"
	"strconv"
	"strings"
)

const failureAllowed = "stop, continue, stop-when=3, stop-when=10%"

// ParseFailurePolicy reads "stop", "continue", "stop-when=3" (at three
// failures) or "stop-when=10%" (at a tenth of the workers). Errors are
// *SyntaxError.
func ParseFailurePolicy(s string) (FailurePolicy, error) {
	fail := func(pos int, why string) (FailurePolicy, error) {
		return FailurePolicy{}, &SyntaxError{What: "failure policy", Text: s, Pos: pos, Why: why, Allowed: failureAllowed}
	}
	mode, arg, hasArg := strings.Cut(s, "=")
	p := FailurePolicy{Mode: FailureMode(mode)}
	switch p.Mode {
	case FailureStop, FailureContinue:
		if hasArg {
			return fail(len(mode), mode+" takes no number")
		}
		return p, nil
	case FailureStopWhen:
	default:
		return fail(0, fmt.Sprintf("there is no policy %q%s", shorten(mode),
			didYouMean(mode, []string{"stop", "continue", "stop-when"})))
	}
	digits, percent := strings.CutSuffix(arg, "%")
	n, err := strconv.ParseUint(digits, 10, 31)
	switch {
	case err != nil:
		return fail(min(len(mode)+1, len(s)), "a number or a share is missing")
	case n == 0:
		return fail(len(mode)+1, "it would stop before anything failed")
	case percent && n > 100:
		return fail(len(mode)+1, "a share is at most 100%")
	case percent:
		p.Percent = int(n)
	default:
		p.Count = int(n)
	}
	return p, nil
}

// Stops tells whether that many failures among that many workers stop the gang.
func (p FailurePolicy) Stops(failures, workers int) bool {
	switch {
	case failures <= 0 || p.Mode == FailureContinue:
		return false
	case p.Mode == FailureStopWhen && p.Percent > 0:
		return failures*100 >= p.Percent*workers
	case p.Mode == FailureStopWhen:
		return failures >= p.Count
	}
	return true
}

// String is the policy in force: "stop" for the zero value.
func (p FailurePolicy) String() string {
	switch {
	case p.Mode == FailureStopWhen && p.Percent > 0:
		return fmt.Sprintf("%s=%d%%", p.Mode, p.Percent)
	case p.Mode == FailureStopWhen:
		return fmt.Sprintf("%s=%d", p.Mode, p.Count)
	}
	return orDefault(p.Mode, FailureStop)
}

// Set makes a *FailurePolicy a flag value.
func (p *FailurePolicy) Set(text string) error { return setWord(p, text, ParseFailurePolicy) }

// Type is the word that help pages show for the value.
func (*FailurePolicy) Type() string { return "policy" }
