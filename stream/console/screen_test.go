package console

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// screen is as much of a terminal as the live area uses: it keeps every row
// that ever was, so that a test sees the scrollback as well.
type screen struct {
	rows     [][]rune
	row, col int
	width    int
}

func (s *screen) write(t *testing.T, b []byte) {
	t.Helper()
	for len(b) > 0 {
		switch c := b[0]; {
		case c == '\r':
			s.col = 0
		case c == '\n':
			s.row, s.col = s.row+1, 0 // ONLCR
		case c == 0x1b:
			end := bytes.IndexAny(b, "ABCDHJKhlm")
			if end < 0 {
				t.Fatalf("cut sequence %q", b)
			}
			switch seq := string(b[1 : end+1]); {
			case seq == "[J":
				s.grow()
				s.rows = s.rows[:s.row+1]
				s.rows[s.row] = s.rows[s.row][:min(s.col, len(s.rows[s.row]))]
			case strings.HasSuffix(seq, "A"):
				n := 0
				for _, d := range seq[1 : len(seq)-1] {
					n = n*10 + int(d-'0')
				}
				if s.row -= n; s.row < 0 {
					t.Fatalf("the cursor went above the screen by %q", seq)
				}
			case strings.HasSuffix(seq, "m"):
			default:
				t.Fatalf("sequence %q", seq)
			}
			b = b[end:]
		default:
			r, n := utf8.DecodeRune(b)
			s.grow()
			if s.col == s.width {
				t.Fatalf("row %d wraps: %q", s.row, string(s.rows[s.row]))
			}
			line := s.rows[s.row]
			for len(line) <= s.col {
				line = append(line, ' ')
			}
			line[s.col] = r
			s.rows[s.row] = line
			s.col++
			b = b[n-1:]
		}
		b = b[1:]
	}
}

func (s *screen) grow() {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) String() string {
	var b strings.Builder
	for i, r := range s.rows {
		if i == len(s.rows)-1 && len(r) == 0 {
			break
		}
		b.WriteString(string(r))
		b.WriteByte('\n')
	}
	return b.String()
}
