package adopt

import (
	"strings"
	"testing"
)

func TestPiece(t *testing.T) {
	lines := &Line{Canonical: true, ends: []byte{'\n', 4}}
	keys := &Line{}
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, test := range map[string]struct {
		l       *Line
		data    string
		waiting int
		want    int
	}{
		"keys that fit":            {keys, "abc", 0, 3},
		"keys behind others":       {keys, "abc", 1000, 3},
		"keys without room":        {keys, "abc", 1022, 0},
		"many keys":                {keys, x(3000), 0, 1024},
		"many keys behind one":     {keys, x(3000), 1, 0},
		"no character is cut":      {keys, x(1023) + "€€€", 0, 1023},
		"a line":                   {lines, "abc\n", 0, 4},
		"a line and half of one":   {lines, "abc\nde", 0, 6},
		"lines that fit":           {lines, x(2000) + "\n" + x(2000) + "\n" + x(2000) + "\n", 0, 4002},
		"a line that does not fit": {lines, x(2000) + "\n", 2500, 0},
		"an end of file":           {lines, x(4000) + "\x04" + x(4000), 0, 4001},
		"the longest line":         {lines, x(4094) + "\n", 0, 4095},
	} {
		if got := test.l.piece([]byte(test.data), test.waiting); got != test.want {
			t.Errorf("%s: %d, not %d", name, got, test.want)
		}
	}
	if n := lines.longest([]byte("a\n" + x(7) + "\x04bc")); n != 8 {
		t.Error(n)
	}
}

func FuzzParseRead(f *testing.F) {
	f.Add("0 0x3 0x7ffd 0x400 0x0 0x0 0x0 0x7ffd 0x7f00\n")
	f.Add("running\n")
	f.Add("-1 0x7ffd 0x7f00\n")
	f.Fuzz(func(t *testing.T, line string) {
		if fd, ok := parseRead(line, 0); ok && !strings.Contains(line, "0") {
			t.Errorf("%q: %d", line, fd)
		}
	})
}

func TestParseRead(t *testing.T) {
	if fd, ok := parseRead("0 0x3 0x7ffd 0x400 0x0 0x0 0x0 0x7ffd 0x7f00\n", 0); fd != 3 || !ok {
		t.Error(fd, ok)
	}
	for _, line := range []string{"", "running\n", "-1 0x7ffd 0x7f00\n", "1 0x3 0x7ffd"} {
		if fd, ok := parseRead(line, 0); ok {
			t.Errorf("%q: %d", line, fd)
		}
	}
}
