package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseHostlist expands Slurm's short form of node names, as `scontrol show hostnames`
// does: "a[01-03,7],b" is a01, a02, a03, a7 and b. Brackets may follow each other.
func parseHostlist(s string) ([]string, error) {
	var out []string
	for s != "" {
		item, rest, err := cutItem(s)
		if err != nil {
			return nil, err
		}
		s = rest
		if item == "" {
			continue // scontrol takes ",a,,b," too
		}
		list, err := expandItem(item)
		if err != nil {
			return nil, err
		}
		if out = append(out, list...); len(out) > maxNodes {
			return nil, errTooMany
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it names no node")
	}
	return out, nil
}

var errTooMany = fmt.Errorf("it names more than %d nodes", maxNodes)

// cutItem cuts s at its first comma outside of brackets.
func cutItem(s string) (item, rest string, err error) {
	inside := false
	for i, r := range s {
		switch {
		case r == '[' && inside:
			return "", "", errors.New(`it has "[" inside of brackets`)
		case r == '[':
			inside = true
		case r == ']' && !inside:
			return "", "", errors.New(`it has "]" without "["`)
		case r == ']':
			inside = false
		case r == ',' && !inside:
			return s[:i], s[i+1:], nil
		}
	}
	if inside {
		return "", "", errors.New(`it has "[" without "]"`)
	}
	return s, "", nil
}

// expandItem expands one name. Its brackets are known to be balanced.
func expandItem(item string) ([]string, error) {
	out := []string{""}
	for {
		text, after, more := strings.Cut(item, "[")
		for i := range out {
			out[i] += text
		}
		if !more {
			return out, nil
		}
		var ranges string
		ranges, item, _ = strings.Cut(after, "]")
		numbers, err := expandRanges(ranges)
		if err != nil {
			return nil, err
		}
		if len(out)*len(numbers) > maxNodes {
			return nil, errTooMany
		}
		next := make([]string, 0, len(out)*len(numbers))
		for _, name := range out {
			for _, n := range numbers {
				next = append(next, name+n)
			}
		}
		out = next
	}
}

// expandRanges expands "01-03,7". Numbers are as wide as the first of their range.
func expandRanges(s string) ([]string, error) {
	var out []string
	for _, item := range strings.Split(s, ",") {
		low, high, isRange := strings.Cut(item, "-")
		if !isRange {
			high = low
		}
		// Base 10 and without a sign; 18 digits cannot overflow.
		if !digits(low) || !digits(high) {
			return nil, fmt.Errorf("%q is not a number or a range of them", item)
		}
		from, _ := strconv.Atoi(low)
		to, _ := strconv.Atoi(high)
		if to < from {
			return nil, fmt.Errorf("the range %q ends before it begins", item)
		}
		if to-from >= maxNodes-len(out) {
			return nil, errTooMany
		}
		for n := from; n <= to; n++ {
			out = append(out, fmt.Sprintf("%0*d", len(low), n))
		}
	}
	return out, nil
}

func digits(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
