package playback

import (
	"slices"
	"strings"
)

// The sequences of xterm's ctlseqs that a [Filter] lets pass. It is a list of what is
// known to draw: what nobody has thought of stays out.

// harmlessEscape judges what follows ESC.
func harmlessEscape(seq []byte) bool {
	if len(seq) == 1 {
		// DECSC, DECRC, IND, NEL, HTS, RI, SS2, SS3, LS2, LS3 and their right sides,
		// DECBI, DECFI.
		return strings.IndexByte("78DEHMNOno|}~69", seq[0]) >= 0
	}
	if len(seq) == 2 {
		switch seq[0] {
		case '(', ')', '*', '+', '-', '.', '/': // character sets
			return true
		case '#': // lines of double size, DECALN
			return strings.IndexByte("34568", seq[1]) >= 0
		}
	}
	return len(seq) == 3 && strings.IndexByte("()*+", seq[0]) >= 0
}

// harmlessCSI holds the final bytes that pass, by what stands before them: a
// private prefix or intermediates.
var harmlessCSI = map[string]string{
	"":   "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu",
	"?":  "JKW",
	" ":  "@Aq",
	"!":  "p",
	"\"": "q",
	"$":  "rtvxz{",
	"'":  "}~",
	"*":  "x",
	"#":  "{}pq",
}

// harmlessModes are the private modes that may be switched: reverse video, origin,
// wrapping, the cursor and its blinking, reverse wrapping, the alternate screen,
// left and right margins, synchronised updates, clusters.
var harmlessModes = []string{"5", "6", "7", "12", "25", "45", "47", "69", "1045", "1047", "1048", "1049", "2026", "2027"}

// appendCSI appends the control sequence whose bytes after CSI are seq, or as much
// of it as is harmless.
func appendCSI(dst, seq []byte) []byte {
	final := seq[len(seq)-1]
	body := string(seq[:len(seq)-1])
	i := strings.IndexFunc(body, func(r rune) bool { return r < 0x30 })
	if i < 0 {
		i = len(body)
	}
	class, args := body[i:], body[:i]
	if args != "" && args[0] >= '<' && args[0] <= '?' {
		class, args = args[:1]+class, args[1:]
	}
	if strings.ContainsAny(args, "<=>?") {
		return dst
	}
	pass := false
	switch {
	case (final == 'h' || final == 'l') && class == "?":
		modes := slices.DeleteFunc(strings.Split(args, ";"), func(m string) bool {
			return !slices.Contains(harmlessModes, strings.TrimLeft(m, "0"))
		})
		args, pass = strings.Join(modes, ";"), len(modes) > 0
	case (final == 'h' || final == 'l') && class == "":
		args, pass = "4", slices.Contains(strings.Split(args, ";"), "4") // IRM
	case final == 'J' && class == "": // 3 erases what scrolled off
		pass = strings.Trim(args, "012;") == "" || strings.TrimLeft(args, "0") == ""
	default:
		pass = strings.IndexByte(harmlessCSI[class], final) >= 0
	}
	if !pass {
		return dst
	}
	dst = append(dst, "\x1b["...)
	if class != "" && class[0] >= '<' {
		dst, class = append(dst, class[0]), class[1:]
	}
	dst = append(append(dst, args...), class...)
	return append(dst, final)
}

// harmlessOSC judges an operating system command: titles, the palette and the
// colours unless they are asked for, hyperlinks, the marks of prompts.
func harmlessOSC(s string) bool {
	number, rest, _ := strings.Cut(s, ";")
	switch number {
	case "0", "1", "2", "8", "104", "110", "111", "112", "117", "119", "133":
		return true
	case "4", "10", "11", "12", "17", "19":
		return !strings.Contains(rest, "?")
	}
	return false
}
