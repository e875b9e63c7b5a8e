package attach

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// oneLine makes text harmless: what a session says may hold what a program wrote.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
}

// noticeBytes writes text over the last row of a terminal and leaves cursor,
// colours and character set as they were (DECSC and DECRC). The last column stays
// free, or the terminal could scroll.
func noticeBytes(text string, cols int) []byte {
	text = displaywidth.TruncateString(" "+oneLine(text)+" ", max(cols-1, 1), "… ")
	return []byte("\x1b7\x1b[999;1H\x1b(B\x0f\x1b[0;7m" + text + "\x1b[0m\x1b[K\x1b8")
}

// noNotice empties the last row.
const noNotice = "\x1b7\x1b[999;1H\x1b[0m\x1b[K\x1b8"
