// Package result is what the benchmarks have to say: a goal, and one row of the
// table that bench/run.sh prints at the end.
package result

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Row is one line of the table.
type Row struct {
	// Name says what was measured, Ours and Peer what came out for each.
	Name, Ours, Peer string
	// Value is the figure that the goal speaks of, most often a ratio.
	Value string
	Goal  string
	// Verdict is "met", "missed", "-" (there is no goal) or "skipped: why".
	Verdict string
}

// Append adds the row to a file of tab-separated lines. Nothing happens without
// a path.
func (r Row) Append(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("adding a row to the results: %w", err)
	}
	defer f.Close()
	fields := []string{r.Name, r.Ours, r.Peer, r.Value, r.Goal, r.Verdict}
	for i, s := range fields {
		fields[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(s)
	}
	if _, err := fmt.Fprintln(f, strings.Join(fields, "\t")); err != nil {
		return fmt.Errorf("adding a row to the results: %w", err)
	}
	return nil
}

// Goal is a bound on a figure. The zero value is no goal.
type Goal struct {
	// Op is "<=" or ">=".
	Op    string
	Bound float64
}

// ParseGoal reads "<=2", ">=100" or nothing.
func ParseGoal(s string) (Goal, error) {
	if s == "" {
		return Goal{}, nil
	}
	for _, op := range []string{"<=", ">="} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			bound, err := strconv.ParseFloat(rest, 64)
			if err != nil || !(bound >= 0) {
				return Goal{}, fmt.Errorf("reading the goal %q: %q is not a bound", s, rest)
			}
			return Goal{op, bound}, nil
		}
	}
	return Goal{}, fmt.Errorf("reading the goal %q: want <=NUMBER or >=NUMBER", s)
}

// String is the goal as ParseGoal reads it, with a dash for none.
func (g Goal) String() string {
	if g.Op == "" {
		return "-"
	}
	return g.Op + strconv.FormatFloat(g.Bound, 'g', -1, 64)
}

// Verdict compares a figure with the goal.
func (g Goal) Verdict(v float64) string {
	switch {
	case g.Op == "":
		return "-"
	case g.Op == "<=" && v <= g.Bound, g.Op == ">=" && v >= g.Bound:
		return "met"
	}
	return "missed"
}
