package keys

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/vt"
)

// xtermDiffers says why xterm sends something else, or "".
func xtermDiffers(mode string, k Key, got, want string) string {
	mods := k.Mods
	if k.IsChar() && unshifted(rune(k.Code)) != 0 {
		mods |= Shift
	}
	introducer := func(m Mods) string { return "\x1b[27;" + strconv.Itoa(1+int(m)) + ";" }
	_, plain := k.text()
	switch {
	case mode == "other2" && plain && k.Code != ' ':
		return "a character with nothing but Shift stays text"
	case mode == "other1" && mods&Alt != 0 && strings.Replace(got, introducer(mods), introducer(mods&^Alt), 1) == want:
		return "xterm loses Alt from chords sent as CSI 27, when Alt sends an ESC elsewhere"
	case k.Code == Tab && k.Mods&(Alt|Shift) == Alt|Shift && want == "\x1b[Z":
		return "xterm has no ESC before CSI Z; kitty and tmux do"
	}
	return ""
}

// TestXterm compares with what a real xterm sent. Where we say that a chord
// cannot be sent, xterm must have sent what it sends for the nearest key.
func TestXterm(t *testing.T) {
	f, err := os.Open("testdata/xterm.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	modes := []struct {
		name string
		m    vt.Modes
	}{
		{"plain", vt.Modes{}},
		{"application", vt.Modes{AppCursor: true, AppKeypad: true}},
		{"other1", vt.Modes{ModifyOtherKeys: 1}},
		{"other2", vt.Modes{ModifyOtherKeys: 2}},
	}
	same, lossy := 0, 0
	differ := map[string]int{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		col := strings.Split(sc.Text(), "\t")
		k, err := Parse(col[0])
		if err != nil {
			t.Fatal(err)
		}
		for i, mode := range modes {
			want, err := strconv.Unquote(col[i+1])
			if err != nil {
				t.Fatalf("%s: %v", col[i+1], err)
			}
			got, err := k.Encode(mode.m)
			if err == nil && string(got) == want {
				same++
				continue
			}
			if near, _ := k.EncodeWith(mode.m, EncodeOptions{Approximate: true}); err != nil && string(near) == want {
				lossy++
				continue
			}
			why := xtermDiffers(mode.name, k, string(got), want)
			if why == "" {
				t.Errorf("%s, %s (%v): %q, %v; xterm sends %q", col[0], mode.name, k, got, err, want)
			}
			differ[why]++
		}
	}
	t.Logf("%d as in xterm, %d refused as xterm loses a modifier, differences: %v", same, lossy, differ)
	if same < 500 {
		t.Errorf("only %d rows compared", same)
	}
}
