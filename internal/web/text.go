package web

import (
	"unicode/utf8"

	"github.com/sluicerun/sluice/cast"
)

// valid is the text of p, as what is a whole.
func valid(p []byte) string {
	var d cast.Decoder
	return d.Text(p) + d.Flush()
}

// pieces cuts s into pieces of at most n bytes, between characters.
func pieces(s string, n int) []string {
	var all []string
	for len(s) > n {
		cut := n
		for cut > n-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		all = append(all, s[:cut])
		s = s[cut:]
	}
	return append(all, s)
}
