package render

import (
	"bytes"

	"github.com/sluicerun/sluice/vt"
)

// ANSI returns the lines as text with colours and hyperlinks, for cat and for
// pagers, not the bytes that rebuild a terminal's state. Colours of the palette
// stay numbers, so they are shown in the colours of the terminal that reads them.
// Attributes change only where they must, and are off at the end of each line, so
// that a line can be cut out. Lines end with a newline alone.
//
// Blanks are cut as in [Text], but not where they can be seen (a background, an
// underline).
func ANSI(s *vt.Snapshot, o Options) []byte {
	v := newView(s, o)
	var b bytes.Buffer
	end := 0 // of the last line that shows something
	for _, cells := range joined(v.lines, o.Join) {
		if !o.KeepBlanks {
			cells = written(cells, true)
		}
		var now vt.Style
		link := ""
		for r := range runs(cells, -1) {
			// What a blank does not show need not be switched: the foreground of
			// spaces between two words would cost bytes for nothing.
			next := shown(r, now)
			if to := safeLink(r.link); to != link {
				b.WriteString("\x1b]8;;" + to + "\x1b\\")
				link = to
			}
			writeSGR(&b, now, next)
			now = next
			b.WriteString(r.text())
		}
		if link != "" {
			b.WriteString("\x1b]8;;\x1b\\")
		}
		writeSGR(&b, now, vt.Style{})
		b.WriteByte('\n')
		if len(cells) > 0 || o.KeepBlanks {
			end = b.Len()
		}
	}
	return b.Bytes()[:end]
}

// shown is the style of a run without what does not show on a screen.
func shown(r run, now vt.Style) vt.Style {
	s := r.style
	s.Attr &^= vt.Protected
	if s.Underline == vt.NoUnderline {
		s.Ul = 0
	}
	const seen = vt.Inverse | vt.Strike | vt.Overline | vt.Blink
	if r.blank() && s.Underline == vt.NoUnderline && s.Attr&seen == 0 {
		s.Fg = now.Fg
		s.Attr = now.Attr &^ seen
	}
	return s
}

// safeLink returns the address of a hyperlink, or "" if it could end the escape
// sequence that carries it.
func safeLink(link string) string {
	if clean(link) != link {
		return ""
	}
	return link
}
