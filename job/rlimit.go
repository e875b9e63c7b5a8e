package job

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const rlimitAllowed = "NAME=LIMIT or NAME=SOFT:HARD with a number or unlimited, such as nofile=4096, core=unlimited, as=8G"

// RlimitNames are the resources that can be limited, by prlimit(1)'s names.
func RlimitNames() []string {
	return []string{
		"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice",
		"nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
	}
}

// Rlimits is a list of limits as a flag value: (*Rlimits)(&spec.Rlimits).
type Rlimits []Rlimit

// ParseRlimit reads "nofile=1024" (soft and hard alike), "nofile=1024:4096" or
// "core=unlimited". Limits are in the kernel's unit (getrlimit(2)): bytes, for
// which "8G" will do as well, seconds of cpu, microseconds of rttime, or a
// count. Errors are *SyntaxError.
func ParseRlimit(s string) (Rlimit, error) {
	fail := func(pos int, why string) (Rlimit, error) {
		return Rlimit{}, &SyntaxError{What: "resource limit", Text: s, Pos: pos, Why: why, Allowed: rlimitAllowed}
	}
	name, limits, ok := strings.Cut(s, "=")
	r := Rlimit{Name: strings.ToLower(name)}
	if !slices.Contains(RlimitNames(), r.Name) {
		return fail(0, fmt.Sprintf("there is no resource %q%s", shorten(name), didYouMean(r.Name, RlimitNames())))
	}
	if !ok {
		return fail(len(s), "a limit is missing")
	}
	soft, hard, both := strings.Cut(limits, ":")
	var why string
	at := len(name) + 1
	if r.Soft, why = parseLimit(r.Name, soft); why != "" {
		return fail(at, why)
	}
	r.Hard = r.Soft
	if both {
		at += len(soft) + 1
		if r.Hard, why = parseLimit(r.Name, hard); why != "" {
			return fail(at, why)
		}
	}
	if r.Soft > r.Hard {
		return fail(len(name)+1, "the soft limit is above the hard one")
	}
	return r, nil
}

func parseLimit(name, s string) (uint64, string) {
	switch strings.ToLower(s) {
	case "":
		return 0, "a limit is missing"
	case "unlimited", "infinity", "inf":
		return RlimInfinity, ""
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil {
		return n, ""
	}
	if countsBytes(name) {
		if size, err := ParseSize(s); err == nil {
			return uint64(size), ""
		}
	}
	return 0, fmt.Sprintf("%q is no limit", shorten(s))
}

func countsBytes(name string) bool {
	switch name {
	case "as", "core", "data", "fsize", "memlock", "msgqueue", "rss", "stack":
		return true
	}
	return false
}

// String is what ParseRlimit reads.
func (r Rlimit) String() string {
	s := r.Name + "=" + formatLimit(r.Soft)
	if r.Hard != r.Soft {
		s += ":" + formatLimit(r.Hard)
	}
	return s
}

func formatLimit(n uint64) string {
	if n == RlimInfinity {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

// String lists the limits, separated by commas.
func (r Rlimits) String() string {
	list := make([]string, len(r))
	for i, v := range r {
		list[i] = v.String()
	}
	return strings.Join(list, ",")
}

// Set makes a *Rlimits a flag value: each flag adds one limit, or takes the place of
// an earlier one, for a hard limit that was lowered cannot be raised again.
func (r *Rlimits) Set(text string) error {
	v, err := ParseRlimit(text)
	if err == nil {
		earlier := slices.DeleteFunc(*r, func(old Rlimit) bool { return old.Name == v.Name })
		*r = append(earlier, v)
	}
	return err
}

// Type is the word that help pages show for the value.
func (*Rlimits) Type() string { return "limit" }
