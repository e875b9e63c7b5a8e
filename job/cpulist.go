package job

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
)

// MaxCPU is the highest CPU number that a list can hold: far above what any
// kernel is built for, and low enough that a list of all of them fits in memory.
const MaxCPU = 1<<20 - 1

const cpuListAllowed = "CPU numbers and ranges separated by commas, such as 0-3,8,10-11"

// CPUList is a set of CPU numbers in the kernel's list notation: "0-2,4,6-7".
// It costs what its text costs, however many CPUs it has.
//
// The zero value is the empty list. A CPUList is a value; it may be copied and
// used from many goroutines.
type CPUList struct {
	ranges []rankRange // ascending, neither overlapping nor adjacent
}

// CPUs is the list of the given CPU numbers. What cannot be one (below 0 or
// above MaxCPU) is left out.
func CPUs(cpus ...int) CPUList {
	var ranges []rankRange
	for _, c := range cpus {
		if c >= 0 && c <= MaxCPU {
			ranges = append(ranges, rankRange{c, c})
		}
	}
	return cpuRanges(ranges)
}

// cpuRanges takes the ranges over, sorts and merges them.
func cpuRanges(ranges []rankRange) CPUList {
	return CPUList{RankSet{ranges: ranges}.canonical().ranges}
}

// ParseCPUList reads a list as the kernel writes it in sysfs, in cpusets and in
// /proc/PID/status (cpuset(7), "List format"). White space around items and
// items that are empty are tolerated, so "" is the empty list. Errors are
// *SyntaxError.
func ParseCPUList(s string) (CPUList, error) {
	return parseCPUs("CPU list", cpuListAllowed, s, 0, len(s))
}

// parseCPUs reads text[lo:hi]; positions in errors are those of the whole text.
func parseCPUs(what, allowed, text string, lo, hi int) (CPUList, error) {
	var ranges []rankRange
	for start := lo; start <= hi; {
		end := hi
		if i := strings.IndexByte(text[start:hi], ','); i >= 0 {
			end = start + i
		}
		p := cpuParser{text: text, pos: start, end: end}
		r, ok, why := p.item()
		if why != "" {
			return CPUList{}, &SyntaxError{What: what, Text: text, Pos: p.pos, Why: why, Allowed: allowed}
		}
		if ok {
			ranges = append(ranges, r)
		}
		start = end + 1
	}
	return cpuRanges(ranges), nil
}

// cpuParser reads one item of a list, text[pos:end]. Where an item is wrong,
// pos is left at the place.
type cpuParser struct {
	text     string
	pos, end int
}

// item reads "5", "8-15" or nothing; a non-empty why says what is wrong with it.
func (p *cpuParser) item() (r rankRange, ok bool, why string) {
	p.spaces()
	begin := p.pos
	if p.pos == p.end {
		return r, false, ""
	}
	if r.lo, why = p.number(); why != "" {
		return r, false, why
	}
	r.hi = r.lo
	p.spaces()
	if p.pos < p.end && p.text[p.pos] == '-' {
		p.pos++
		p.spaces()
		if r.hi, why = p.number(); why != "" {
			return r, false, why
		}
		p.spaces()
	}
	switch {
	case p.pos < p.end:
		return r, false, fmt.Sprintf("%q does not belong to a CPU number", shorten(p.text[p.pos:p.end]))
	case r.hi < r.lo:
		p.pos = begin
		return r, false, fmt.Sprintf("range %d-%d runs backwards: write %d-%d", r.lo, r.hi, r.hi, r.lo)
	}
	return r, true, ""
}

func (p *cpuParser) spaces() {
	for p.pos < p.end && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *cpuParser) number() (int, string) {
	n, digits := leadingNumber(p.text[p.pos:p.end], MaxCPU)
	if n > MaxCPU {
		return 0, fmt.Sprintf("the number is above the highest CPU there can be, %d", MaxCPU)
	}
	p.pos += digits
	switch rest := p.text[p.pos:p.end]; {
	case digits > 0:
		return n, ""
	case rest == "":
		return 0, "a CPU number is missing"
	case rest[0] == '-':
		return 0, "a CPU number cannot be negative"
	default:
		return 0, fmt.Sprintf("%q is no CPU number", shorten(rest))
	}
}

// IsZero tells whether the list is empty.
func (l CPUList) IsZero() bool { return len(l.ranges) == 0 }

// Len is the number of CPUs.
func (l CPUList) Len() int {
	n := 0
	for _, r := range l.ranges {
		n += r.hi - r.lo + 1
	}
	return n
}

// Min is the lowest CPU number, or -1 for the empty list.
func (l CPUList) Min() int {
	if l.IsZero() {
		return -1
	}
	return l.ranges[0].lo
}

// Max is the highest CPU number, or -1 for the empty list.
func (l CPUList) Max() int {
	if l.IsZero() {
		return -1
	}
	return l.ranges[len(l.ranges)-1].hi
}

// Contains tells whether cpu is in the list.
func (l CPUList) Contains(cpu int) bool {
	i := sort.Search(len(l.ranges), func(i int) bool { return l.ranges[i].hi >= cpu })
	return i < len(l.ranges) && l.ranges[i].lo <= cpu
}

// All are the CPU numbers, ascending.
func (l CPUList) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, r := range l.ranges {
			for c := r.lo; c <= r.hi; c++ {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Or is what is in either list.
func (l CPUList) Or(m CPUList) CPUList { return cpuRanges(slices.Concat(l.ranges, m.ranges)) }

// And is what is in both lists.
func (l CPUList) And(m CPUList) CPUList {
	var out []rankRange
	for a, b := l.ranges, m.ranges; len(a) > 0 && len(b) > 0; {
		if r := (rankRange{max(a[0].lo, b[0].lo), min(a[0].hi, b[0].hi)}); r.lo <= r.hi {
			out = append(out, r)
		}
		if a[0].hi < b[0].hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return CPUList{out}
}

// Without is what is in l and not in m.
func (l CPUList) Without(m CPUList) CPUList {
	var out []rankRange
	b := m.ranges
	for _, r := range l.ranges {
		for len(b) > 0 && b[0].hi < r.lo {
			b = b[1:]
		}
		for _, gap := range b {
			if gap.lo > r.hi {
				break
			}
			if gap.lo > r.lo {
				out = append(out, rankRange{r.lo, gap.lo - 1})
			}
			r.lo = gap.hi + 1
		}
		if r.lo <= r.hi {
			out = append(out, r)
		}
	}
	return CPUList{out}
}

// Equal tells whether two lists hold the same CPUs.
func (l CPUList) Equal(m CPUList) bool { return slices.Equal(l.ranges, m.ranges) }

// String is the kernel's text, sorted and compressed; "" for the empty list.
func (l CPUList) String() string {
	var b []byte
	for _, r := range l.ranges {
		b = appendRange(b, r)
	}
	return string(b)
}

// MarshalText is String.
func (l CPUList) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseCPUList.
func (l *CPUList) UnmarshalText(text []byte) error { return l.Set(string(text)) }

// Set makes a *CPUList a flag value.
func (l *CPUList) Set(text string) error { return setWord(l, text, ParseCPUList) }

// Type is the word that help pages show for the value.
func (*CPUList) Type() string { return "cpus" }
