package render

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicerun/sluice/vt"
)

func TestANSI(t *testing.T) {
	s := screenOf(8, "", "")
	red := vt.Style{Fg: vt.Indexed(1)}
	put(s, 0, 0, red, "ab")
	put(s, 0, 3, red, "cd")
	put(s, 0, 6, vt.Style{Fg: vt.Indexed(1), Attr: vt.Bold}, "e")
	link(s, 0, 0, 2, "http://x")
	link(s, 0, 3, 5, "bad\x1b\\")
	put(s, 1, 0, vt.Style{Attr: vt.Protected}, "p")
	want := "\x1b]8;;http://x\x1b\\\x1b[31mab\x1b]8;;\x1b\\ cd \x1b[1me\x1b[m\np\n"
	if got := string(ANSI(s, Options{})); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := ANSI(screenOf(4, "", ""), Options{}); len(got) != 0 {
		t.Errorf("an empty screen is %q", got)
	}
	s = screenOf(2, "", "")
	s.Modes.ReverseVideo = true
	if got, want := string(ANSI(s, Options{})), "\x1b[7m  \x1b[m\n\x1b[7m  \x1b[m\n"; got != want {
		t.Errorf("reversed: got %q, want %q", got, want)
	}
}

// What is read back by an independent reader of SGR is what the cells hold.
func TestANSIReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScreen(t)
		s.Modes.ReverseVideo = false
		v := newView(s, Options{})
		lines := strings.Split(string(ANSI(s, Options{KeepBlanks: true})), "\n")
		if len(lines) != len(v.lines)+1 {
			t.Fatalf("%d lines, want %d", len(lines)-1, len(v.lines))
		}
		for y, l := range v.lines {
			got, rest := readSGR(t, lines[y])
			if rest != (vt.Style{}) {
				t.Fatalf("line %d ends with %+v", y, rest)
			}
			var want []vt.Cell
			for _, c := range l.Cells {
				if c.Width == 0 {
					continue
				}
				want = append(want, visible(c))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("line %d %q: (- want, + got)\n%s", y, lines[y], diff)
			}
		}
	})
}

// visible takes what cannot be seen out of a cell, so that two can be compared.
func visible(c vt.Cell) vt.Cell {
	out := vt.Cell{Text: c.Text, Style: c.Style, Link: safeLink(c.Link)}
	out.Style.Attr &^= vt.Protected
	if c.Style.Underline == vt.NoUnderline {
		out.Style.Ul = 0
	}
	if c.Text == "" {
		out.Text = " "
		if out.Style.Underline == 0 && out.Style.Attr&(vt.Inverse|vt.Strike|vt.Overline|vt.Blink) == 0 {
			out.Style.Attr, out.Style.Fg = 0, 0
		}
	}
	return out
}

// readSGR reads one line; marks join the character before them.
func readSGR(t *rapid.T, line string) (cells []vt.Cell, now vt.Style) {
	link := ""
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b]8;;"); ok {
			link, line, ok = strings.Cut(rest, "\x1b\\")
			if !ok {
				t.Fatalf("hyperlink without end: %q", rest)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			var seq string
			seq, line, ok = strings.Cut(rest, "m")
			if !ok {
				t.Fatalf("sequence without end: %q", rest)
			}
			applySGR(t, seq, &now)
			continue
		}
		r := []rune(line)[0]
		line = line[len(string(r)):]
		if r >= 0x300 && r < 0x370 && len(cells) > 0 {
			cells[len(cells)-1].Text += string(r)
			continue
		}
		c := visible(vt.Cell{Text: strings.TrimSuffix(string(r), " "), Style: now})
		c.Link = link
		cells = append(cells, c)
	}
	return cells, now
}

func applySGR(t *rapid.T, seq string, s *vt.Style) {
	atoi := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%q in %q is no number", s, seq)
		}
		return n
	}
	color := func(p []string) (vt.Color, int) {
		if p[0] == "5" {
			return vt.Indexed(uint8(atoi(p[1]))), 2
		}
		return vt.RGB(uint8(atoi(p[1])), uint8(atoi(p[2])), uint8(atoi(p[3]))), 4
	}
	if seq == "" {
		seq = "0"
	}
	p := strings.Split(seq, ";")
	for i := 0; i < len(p); i++ {
		if sub := strings.Split(p[i], ":"); len(sub) > 1 {
			switch {
			case sub[0] == "4":
				s.Underline = vt.Underline(atoi(sub[1]))
			case sub[0] == "58" && sub[1] == "5":
				s.Ul, _ = color(sub[1:])
			case sub[0] == "58":
				s.Ul, _ = color(append([]string{"2"}, sub[3:]...))
			}
			continue
		}
		n := atoi(p[i])
		set := map[int]vt.Attr{1: vt.Bold, 2: vt.Faint, 3: vt.Italic, 5: vt.Blink, 7: vt.Inverse, 8: vt.Invisible, 9: vt.Strike, 53: vt.Overline}
		clear := map[int]vt.Attr{22: vt.Bold | vt.Faint, 23: vt.Italic, 25: vt.Blink, 27: vt.Inverse, 28: vt.Invisible, 29: vt.Strike, 55: vt.Overline}
		var skip int
		switch {
		case n == 0:
			*s = vt.Style{}
		case n == 4:
			s.Underline = vt.SingleUnderline
		case n == 24:
			s.Underline = vt.NoUnderline
		case set[n] != 0:
			s.Attr |= set[n]
		case clear[n] != 0:
			s.Attr &^= clear[n]
		case n >= 30 && n < 38:
			s.Fg = vt.Indexed(uint8(n - 30))
		case n >= 90 && n < 98:
			s.Fg = vt.Indexed(uint8(n - 90 + 8))
		case n == 38:
			s.Fg, skip = color(p[i+1:])
		case n == 39:
			s.Fg = 0
		case n >= 40 && n < 48:
			s.Bg = vt.Indexed(uint8(n - 40))
		case n >= 100 && n < 108:
			s.Bg = vt.Indexed(uint8(n - 100 + 8))
		case n == 48:
			s.Bg, skip = color(p[i+1:])
		case n == 49:
			s.Bg = 0
		case n == 59:
			s.Ul = 0
		default:
			t.Fatalf("SGR %d in %q", n, seq)
		}
		i += skip
	}
}
