package vt

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// dcs obeys a device control string that ends in q after intermediate i.
func (t *Terminal) dcs(i byte, data []byte) {
	switch i {
	case '$':
		t.requestSetting(string(data))
	case '+':
		for name := range strings.SplitSeq(string(data), ";") {
			t.requestCap(name)
		}
	}
}

// requestSetting is DECRQSS: the answer is the control sequence that would make the
// setting what it is.
func (t *Terminal) requestSetting(what string) {
	var s string
	switch what {
	case "m":
		s = string(appendSGR(nil, t.pen.Style))
	case "r":
		s = fmt.Sprintf("%d;%d", t.scr.top+1, t.scr.bottom+1)
	case "s":
		s = fmt.Sprintf("%d;%d", t.left+1, t.right+1)
	case " q":
		s = fmt.Sprint(t.cursorStyle())
	case "\"p":
		s = "64;1"
	case "\"q":
		s = "0"
		if t.pen.Attr&Protected != 0 {
			s = "1"
		}
	case "$|":
		s = fmt.Sprint(t.cols)
	case "t", "*|":
		s = fmt.Sprint(t.rows)
	case "*x":
		s = "1"
		if t.decsace {
			s = "2"
		}
	case "$}", "$~":
		s = "0"
	default:
		t.reply([]byte("\x1bP0$r\x1b\\"))
		return
	}
	t.replyf("\x1bP1$r%s%s\x1b\\", s, what)
}

func (t *Terminal) cursorStyle() int {
	n := int(t.shape)*2 + 1
	if t.noBlink {
		n++
	}
	return n
}

// requestCap is XTGETTCAP for one name, in hexadecimal as the answer is.
func (t *Terminal) requestCap(name string) {
	raw, err := hex.DecodeString(name)
	v, ok := capability(string(raw))
	switch {
	case err != nil || !ok:
		t.replyf("\x1bP0+r%s\x1b\\", strings.Map(func(r rune) rune {
			if strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return r
			}
			return -1
		}, name))
	case v == "":
		t.replyf("\x1bP1+r%s\x1b\\", name)
	default:
		t.replyf("\x1bP1+r%s=%X\x1b\\", name, v)
	}
}

// capability returns a capability by its terminfo or termcap name, as it is in the
// entry xterm-256color; "" for one that is true.
func capability(name string) (string, bool) {
	switch name {
	case "TN", "name":
		return "xterm-256color", true
	case "Co", "colors":
		return "256", true
	case "RGB":
		return "8/8/8", true
	case "Tc", "Su", "am", "bce", "ut", "xenl", "km", "mir", "msgr":
		return "", true
	case "Ms":
		return "\x1b]52;%p1%s;%p2%s\a", true
	case "Ss":
		return "\x1b[%p1%d q", true
	case "Se":
		return "\x1b[2 q", true
	case "Smulx":
		return "\x1b[4:%p1%dm", true
	case "Setulc":
		return "\x1b[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%dm", true
	case "setrgbf":
		return "\x1b[38:2::%p1%d:%p2%d:%p3%dm", true
	case "setrgbb":
		return "\x1b[48:2::%p1%d:%p2%d:%p3%dm", true
	case "Sync":
		return "\x1b[?2026%?%p1%{1}%-%tl%eh%;", true
	case "BE":
		return "\x1b[?2004h", true
	case "BD":
		return "\x1b[?2004l", true
	case "PS":
		return "\x1b[200~", true
	case "PE":
		return "\x1b[201~", true
	case "Cr":
		return "\x1b]112\a", true
	case "Cs":
		return "\x1b]12;%p1%s\a", true
	case "smcup":
		return "\x1b[?1049h\x1b[22;0;0t", true
	case "rmcup":
		return "\x1b[?1049l\x1b[23;0;0t", true
	}
	return keyCapability(name)
}

func keyCapability(name string) (string, bool) {
	switch name {
	case "ku", "kcuu1":
		return "\x1bOA", true
	case "kd", "kcud1":
		return "\x1bOB", true
	case "kr", "kcuf1":
		return "\x1bOC", true
	case "kl", "kcub1":
		return "\x1bOD", true
	case "kh", "khome":
		return "\x1bOH", true
	case "@7", "kend":
		return "\x1bOF", true
	case "kI", "kich1":
		return "\x1b[2~", true
	case "kD", "kdch1":
		return "\x1b[3~", true
	case "kP", "kpp":
		return "\x1b[5~", true
	case "kN", "knp":
		return "\x1b[6~", true
	case "kb", "kbs":
		return "\x7f", true
	case "kB", "kcbt":
		return "\x1b[Z", true
	case "%i", "kRIT":
		return "\x1b[1;2C", true
	case "#4", "kLFT":
		return "\x1b[1;2D", true
	case "kf", "kind":
		return "\x1b[1;2B", true
	case "kR", "kri":
		return "\x1b[1;2A", true
	case "k1", "kf1":
		return "\x1bOP", true
	case "k2", "kf2":
		return "\x1bOQ", true
	case "k3", "kf3":
		return "\x1bOR", true
	case "k4", "kf4":
		return "\x1bOS", true
	case "k5", "kf5":
		return "\x1b[15~", true
	case "k6", "kf6":
		return "\x1b[17~", true
	case "k7", "kf7":
		return "\x1b[18~", true
	case "k8", "kf8":
		return "\x1b[19~", true
	case "k9", "kf9":
		return "\x1b[20~", true
	case "k;", "kf10":
		return "\x1b[21~", true
	case "F1", "kf11":
		return "\x1b[23~", true
	case "F2", "kf12":
		return "\x1b[24~", true
	}
	return "", false
}
