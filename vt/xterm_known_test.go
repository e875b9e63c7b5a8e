package vt_test

import (
	"path"
	"strings"
)

// known is a difference between xterm.js and us that is meant to be.
type known struct {
	streams string // pattern of names, as of path.Match
	what    string // as in difference
	want    string // a part of what xterm.js has; "" is any
	why     string
}

var knownDifferences = []known{
	{"joe", "above", "", "SU at the top of the screen: xterm keeps what scrolls off, xterm.js does not"},
	{"modes", "above", "", "SU, as in joe"},
	{"modes", "modes", `"block"`, "DECSTR gives xterm.js its own cursor again, ours keeps the shape that was asked for"},
	{"modes", "replies", "", "the form of DECXCPR and the shape of the cursor, see TestXtermReplies"},
	{"vttest-11-other", "above", "", "SU, as in joe"},
	{"tput", "above", "", "SU, as in joe"},
	{"colors", "style", `""`, "SGR 6, the fast blink, is not known to xterm.js"},
	{"colors", "style", "fg=#020300", "38:2:1:2:3 without a place for the colour space: xterm and ours take it as red, green, blue"},
	{"colors", "style", `"fg=0"`, "38;5 without a number: xterm.js takes 0, ours nothing"},
	{"colors", "style", "fg=#010000", "38;2 without all three: xterm.js takes 0, ours nothing"},
	{"vttest-3-charsets", "cell", `"_"`, "5F in the DEC graphics is a blank, in xterm.js it stays an underscore"},
	{"vttest-11-vt220", "wrapped", "true", "DECSED leaves the mark of a wrapped line in xterm.js although the line is empty"},
	{"vttest-6-reports", "replies", "", "CPR in origin mode: vttest finds fault with xterm.js"},
}

// unknown leaves out the differences that are meant to be, and notes in used which
// of them there were.
func unknown(stream string, ds []difference, used map[known]bool) []difference {
	var left []difference
next:
	for _, d := range ds {
		for _, k := range knownDifferences {
			if ok, _ := path.Match(k.streams, stream); ok && k.what == d.what && strings.Contains(d.want, k.want) {
				used[k] = true
				continue next
			}
		}
		left = append(left, d)
	}
	return left
}
