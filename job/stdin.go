package job

import (
	"fmt"
	"strconv"
	"strings"
)

const stdinAllowed = "none, all, shared, a rank, fifo:PATH (for rank 0) or fifo:PATH@RANK"

// ParseStdin reads "none", "all", "shared", a rank, "fifo:PATH" or "fifo:PATH@RANK".
//
// Without @RANK the FIFO is rank 0's. Only an @ followed by nothing but digits
// up to the end names a rank, so a path that ends like that itself needs @RANK
// behind it. Errors are *SyntaxError.
func ParseStdin(s string) (Stdin, error) {
	fail := func(pos int, why string) (Stdin, error) {
		return Stdin{}, &SyntaxError{What: "stdin", Text: s, Pos: pos, Why: why, Allowed: stdinAllowed}
	}
	switch s {
	case "":
		return fail(0, "it is empty")
	case "none":
		return Stdin{Mode: StdinNone}, nil
	case "all":
		return Stdin{Mode: StdinAll}, nil
	case "shared":
		return Stdin{Mode: StdinShared}, nil
	}
	if path, ok := strings.CutPrefix(s, "fifo:"); ok {
		v := Stdin{Mode: StdinFIFO, Path: path}
		at := strings.LastIndexByte(path, '@')
		if at >= 0 && allDigits(path[at+1:]) {
			rank, why := parseRank(path[at+1:])
			if why != "" {
				return fail(len("fifo:")+at+1, why)
			}
			v.Rank, v.Path = rank, path[:at]
		}
		if v.Path == "" {
			return fail(len("fifo:"), "the FIFO's path is missing")
		}
		if i := strings.IndexByte(v.Path, 0); i >= 0 {
			return fail(len("fifo:")+i, "a path cannot hold a NUL byte")
		}
		return v, nil
	}
	if !allDigits(s) {
		return fail(0, fmt.Sprintf("%q is not a choice%s", shorten(s), didYouMean(s, []string{"none", "all", "shared", "fifo:"})))
	}
	rank, why := parseRank(s)
	if why != "" {
		return fail(0, why)
	}
	return Stdin{Mode: StdinRank, Rank: rank}, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func parseRank(digits string) (int, string) {
	p := rankParser{text: digits, end: len(digits)}
	return p.number()
}

// String is the canonical text, "" for the default.
func (s Stdin) String() string {
	switch s.Mode {
	case StdinNone, StdinAll, StdinShared:
		return string(s.Mode)
	case StdinRank:
		return strconv.Itoa(s.Rank)
	case StdinFIFO:
		return "fifo:" + s.Path + "@" + strconv.Itoa(s.Rank)
	}
	return ""
}

// Reader is the rank that reads the launcher's standard input or the FIFO in a
// gang of n workers; ok is false where none or every rank does.
func (s Stdin) Reader(n int) (rank int, ok bool) {
	switch s.Mode {
	case StdinRank, StdinFIFO:
		return s.Rank, true
	case StdinDefault:
		return 0, n <= 1
	}
	return 0, false
}

// Set makes a *Stdin a flag value.
func (s *Stdin) Set(text string) error { return setWord(s, text, ParseStdin) }

// Type is the word that help pages show for the value.
func (*Stdin) Type() string { return "source" }
