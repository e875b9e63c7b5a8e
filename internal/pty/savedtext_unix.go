//go:build linux || darwin

package pty

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// savedVersion is the first word of the text. The text is for another process of
// the same program on the same machine, not for keeping.
const savedVersion = "tty1"

// MarshalText writes s as one line of words without its end: the version, the
// system (whose flags they are), the modes, the fields of struct termios and its
// control characters, numbers in hex.
func (s Saved) MarshalText() ([]byte, error) {
	words := []string{savedVersion, runtime.GOOS, strconv.FormatUint(uint64(s.Modes), 16)}
	for _, n := range s.termios.numbers() {
		words = append(words, strconv.FormatUint(n, 16))
	}
	words = append(words, hex.EncodeToString(s.termios.t.Cc[:]))
	return []byte(strings.Join(words, " ")), nil
}

// UnmarshalText reads what MarshalText wrote on the same system.
func (s *Saved) UnmarshalText(text []byte) error {
	bad := func(why string) error { return fmt.Errorf("saved terminal %q: %s", text, why) }
	var out Saved
	count := len(out.termios.numbers())
	words := strings.Split(string(text), " ")
	if len(words) != 3+count+1 || words[0] != savedVersion {
		return bad("not written by this version")
	}
	if words[1] != runtime.GOOS {
		return bad("written on another system")
	}
	modes, err := strconv.ParseUint(words[2], 16, 32)
	if err != nil || Modes(modes) >= lastMode {
		return bad("unknown modes")
	}
	out.Modes = Modes(modes)
	n := make([]uint64, count)
	for i, word := range words[3 : 3+count] {
		if n[i], err = strconv.ParseUint(word, 16, 64); err != nil {
			return bad("a flag is not a number")
		}
	}
	if !out.termios.setNumbers(n) {
		return bad("a flag is too large")
	}
	cc, err := hex.DecodeString(words[3+count])
	if err != nil || len(cc) != len(out.termios.t.Cc) {
		return bad("the control characters are damaged")
	}
	copy(out.termios.t.Cc[:], cc)
	*s = out
	return nil
}
