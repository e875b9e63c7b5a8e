package vt_test

import (
	"fmt"
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// run does the steps to a terminal of ours and returns what the checks saw.
func run(steps []step) []shot {
	var shots []shot
	var t *vt.Terminal
	var replies []byte
	for _, s := range steps {
		if s.New != nil {
			replies = nil
			t = vt.New(s.New.Cols, s.New.Rows, vt.Options{Reply: func(p []byte) { replies = append(replies, p...) }})
		}
		if s.Write != nil {
			t.Write(s.Write)
		}
		if s.Resize != nil {
			t.Resize(s.Resize[0], s.Resize[1])
		}
		if s.Check != nil {
			shot := show(t.Snapshot(s.Check.Scrollback))
			shot.Above, shot.Replies, replies = t.ScrollbackLines(), replies, nil
			shots = append(shots, shot)
		}
	}
	return shots
}

// show puts a snapshot into the words of the oracle.
func show(s *vt.Snapshot) shot {
	type look struct {
		vt.Style
		link string
	}
	seen := make(map[look]string)
	words := func(l look) string {
		w, ok := seen[l]
		if !ok {
			w = styleWords(l.Style, l.link)
			seen[l] = w
		}
		return w
	}
	out := shot{Cols: s.Cols, Rows: s.Rows, X: s.Cursor.X, Y: s.Cursor.Y, Modes: showModes(s)}
	if s.Cursor.PendingWrap {
		out.X++
	}
	line := func(l vt.Line) shotLine {
		var text, style strings.Builder
		width := make([]byte, len(l.Cells))
		var last look
		run := 0
		for i, c := range l.Cells {
			text.WriteString(c.Text)
			text.WriteByte('\n')
			width[i] = '0' + c.Width
			// Looks that have the same words are the same to the oracle.
			if now := (look{c.Style, c.Link}); now != last {
				if run > 0 && words(now) != words(last) {
					fmt.Fprintf(&style, "%d:%s\n", run, words(last))
					run = 0
				}
				last = now
			}
			run++
		}
		if run > 0 {
			fmt.Fprintf(&style, "%d:%s\n", run, words(last))
		}
		return shotLine{Text: text.String(), Width: string(width), Style: style.String(), Wrapped: l.Wrapped}
	}
	for _, l := range s.Lines {
		out.Lines = append(out.Lines, line(l))
	}
	for _, l := range s.Scrollback {
		out.Scrollback = append(out.Scrollback, line(l))
	}
	if s.Title != "" {
		out.Titles = []string{s.Title}
	}
	return out
}

var attrWords = []struct {
	attr vt.Attr
	word string
}{
	{vt.Bold, "bold"}, {vt.Faint, "faint"}, {vt.Italic, "italic"}, {vt.Blink, "blink"}, {vt.Inverse, "inverse"},
	{vt.Invisible, "invisible"}, {vt.Strike, "strike"}, {vt.Overline, "overline"}, {vt.Protected, "protected"},
}

// styleWords names a style as the oracle does.
func styleWords(s vt.Style, link string) string {
	var words []string
	for _, a := range attrWords {
		if s.Attr&a.attr != 0 {
			words = append(words, a.word)
		}
	}
	color := func(name string, c vt.Color) {
		if i, ok := c.Index(); ok {
			words = append(words, fmt.Sprintf("%s=%d", name, i))
		} else if r, g, b, ok := c.RGB(); ok {
			words = append(words, fmt.Sprintf("%s=#%02x%02x%02x", name, r, g, b))
		}
	}
	color("fg", s.Fg)
	color("bg", s.Bg)
	if s.Underline != vt.NoUnderline {
		words = append(words, fmt.Sprintf("ul=%d", s.Underline))
		// xterm.js forgets the colour of an underline that is not there, which
		// nobody can see.
		color("ulc", s.Ul)
	}
	if link != "" {
		words = append(words, "link="+link)
	}
	return strings.Join(words, " ")
}

func showModes(s *vt.Snapshot) shotModes {
	m := s.Modes
	return shotModes{
		Alternate:     m.AltScreen,
		Visible:       s.Cursor.Visible,
		AppCursor:     m.AppCursor,
		AppKeypad:     m.AppKeypad,
		Paste:         m.BracketedPaste,
		Insert:        m.Insert,
		Mouse:         [...]string{vt.MouseOff: "none", vt.MouseX10: "x10", vt.MouseNormal: "vt200", vt.MouseButton: "drag", vt.MouseAny: "any"}[m.Mouse],
		MouseEncoding: [...]string{vt.MouseLegacy: "DEFAULT", vt.MouseUTF8: "DEFAULT", vt.MouseSGR: "SGR", vt.MouseURXVT: "DEFAULT", vt.MouseSGRPixel: "SGR_PIXELS"}[m.MouseEncoding],
		Origin:        m.Origin,
		ReverseWrap:   m.ReverseWrap,
		Focus:         m.FocusEvents,
		Sync:          m.Sync,
		Autowrap:      m.Autowrap,
		Shape:         [...]string{vt.BlockCursor: "block", vt.UnderlineCursor: "underline", vt.BarCursor: "bar"}[s.Cursor.Shape],
	}
}
