package stream

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// An archive is one file cut off from a log. Its name is all that is recorded
// about it: <log>.<from>-<to>, then ".zst" if compressed, or ".lost" for an empty
// marker that keeps the numbering where bytes went away under us.
type archive struct {
	from, to int64
	form     form
}

type form uint8

const (
	plain form = iota
	packed
	lost
)

var formSuffix = [...]string{plain: "", packed: ".zst", lost: ".lost"}

// Names sort as their offsets do up to 10^16 bytes.
const offsetDigits = 16

func (a archive) file(log string) string {
	return fmt.Sprintf("%s.%0*d-%0*d%s", log, offsetDigits, a.from, offsetDigits, a.to, formSuffix[a.form])
}

// parseArchive is the inverse of archive.file; ok is false for any other name.
func parseArchive(log, file string) (a archive, ok bool) {
	rest, ok := strings.CutPrefix(file, log+".")
	if !ok {
		return archive{}, false
	}
	for f := packed; f <= lost; f++ {
		if r, cut := strings.CutSuffix(rest, formSuffix[f]); cut {
			rest, a.form = r, f
			break
		}
	}
	from, to, ok := strings.Cut(rest, "-")
	if !ok {
		return archive{}, false
	}
	if a.from, ok = parseOffset(from); !ok {
		return archive{}, false
	}
	if a.to, ok = parseOffset(to); !ok || a.from >= a.to {
		return archive{}, false
	}
	return a, true
}

func parseOffset(s string) (int64, bool) {
	if len(s) < offsetDigits || len(s) > offsetDigits && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// tempPrefix begins the names of files that are being made. They are nobody's
// yet, and the next writer removes them.
func tempPrefix(log string) string { return "." + log + ".new-" }

// stateName is the sidecar of a direct log.
func stateName(log string) string { return "." + log + ".state" }

// parseArchives picks the archives of log out of a directory's names, in order.
// While an archive is being compressed it may be there in both forms; then the
// plain one stands, which is removed last.
func parseArchives(log string, names []string) []archive {
	var all []archive
	for _, n := range names {
		if a, ok := parseArchive(log, n); ok {
			all = append(all, a)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.from != b.from {
			return a.from < b.from
		}
		if a.to != b.to {
			return a.to < b.to
		}
		return a.form < b.form
	})
	out := all[:0]
	for _, a := range all {
		if n := len(out); n > 0 && out[n-1].from == a.from && out[n-1].to == a.to {
			continue
		}
		out = append(out, a)
	}
	return out
}

// findArchive is the archive that holds logical offset off, or ok false with the
// offset at which the next one begins (end if there is none).
func findArchive(as []archive, off, end int64) (a archive, next int64, ok bool) {
	i := sort.Search(len(as), func(i int) bool { return as[i].to > off })
	if i == len(as) {
		return archive{}, end, false
	}
	if as[i].from > off {
		return archive{}, as[i].from, false
	}
	return as[i], as[i].to, true
}
