package job

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Dialects is a list of dialects as a flag value: (*Dialects)(&spec.Dialects).
type Dialects []Dialect

func allDialects() []Dialect {
	return []Dialect{DialectTorch, DialectOMPI, DialectPMI, DialectSlurm, DialectNone}
}

// ParseDialects reads a comma list of torch, ompi, pmi and slurm, or none alone.
func ParseDialects(s string) ([]Dialect, error) {
	var list []Dialect
	for item := range strings.SplitSeq(s, ",") {
		d, err := parseWord("environment dialect", item, allDialects()...)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	if err := checkDialects(list); err != nil {
		return nil, fmt.Errorf("parsing environment dialects %q: %w", shorten(s), err)
	}
	return list, nil
}

func checkDialects(list []Dialect) error {
	if len(list) > 1 && slices.Contains(list, DialectNone) {
		return errors.New("none excludes the others")
	}
	return nil
}

// String is the list in force: "torch" for the zero value.
func (d Dialects) String() string {
	if d == nil {
		return string(DialectTorch)
	}
	names := make([]string, len(d))
	for i, v := range d {
		names[i] = string(v)
	}
	return strings.Join(names, ",")
}

// Set makes a *Dialects a flag value. A later flag replaces an earlier one.
func (d *Dialects) Set(text string) error {
	list, err := ParseDialects(text)
	if err == nil {
		*d = list
	}
	return err
}

// Type is the word that help pages show for the value.
func (*Dialects) Type() string { return "dialects" }
