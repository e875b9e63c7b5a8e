package edit

import (
	"fmt"
	"regexp"
	"strings"
)

// ParseRule reads what is to be redacted as people write it: the name of a set of
// rules (see [Builtin]), or a regular expression.
func ParseRule(text string) ([]Rule, error) {
	if rules, err := Builtin(text); err == nil {
		return rules, nil
	}
	if text == "" {
		return nil, fmt.Errorf("an empty rule redacts nothing: write a regular expression or one of %s", strings.Join(BuiltinNames(), ", "))
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("%q is neither a set of rules (%s) nor a regular expression: %w", text, strings.Join(BuiltinNames(), ", "), err)
	}
	return []Rule{{Re: re}}, nil
}
