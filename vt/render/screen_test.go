package render

import (
	"strings"

	"github.com/sluicerun/sluice/vt"
)

// screenOf makes a snapshot with these lines, one cell for each character; those
// in wide are two columns wide.
func screenOf(cols int, lines ...string) *vt.Snapshot {
	s := &vt.Snapshot{Cols: cols, Rows: len(lines), Cursor: vt.Cursor{Visible: true}}
	for _, l := range lines {
		s.Lines = append(s.Lines, vt.Line{Cells: make([]vt.Cell, cols)})
		for x := range cols {
			s.Lines[len(s.Lines)-1].Cells[x].Width = 1
		}
		put(s, len(s.Lines)-1, 0, vt.Style{}, l)
	}
	return s
}

// put writes text with a style and returns the column behind it. A mark joins the
// character before it.
func put(s *vt.Snapshot, row, col int, style vt.Style, text string) int {
	cells := s.Lines[row].Cells
	for _, r := range text {
		switch {
		case r >= 0x300 && r < 0x370:
			cells[col-1].Text += string(r)
			continue
		case r >= 0x2e80 && r < 0xa000 || r >= 0x1f300 && r < 0x1f9ff:
			cells[col] = vt.Cell{Text: string(r), Width: 2, Style: style}
			cells[col+1] = vt.Cell{Style: style}
			col++
		default:
			cells[col] = vt.Cell{Text: string(r), Width: 1, Style: style}
		}
		col++
	}
	return col
}

// link makes cells a hyperlink.
func link(s *vt.Snapshot, row, from, to int, address string) {
	for x := from; x < to; x++ {
		s.Lines[row].Cells[x].Link = address
	}
}

// everything is a screen with all that can be drawn.
func everything() *vt.Snapshot {
	s := screenOf(64, make([]string, 25)...)
	s.Title = "everything <&> a screen can show"
	s.Dir = "file://host/home/u"
	s.Modes = vt.Modes{Autowrap: true, BracketedPaste: true, Mouse: vt.MouseButton, MouseEncoding: vt.MouseSGR, Kitty: 5}
	s.Palette = xtermPalette()
	s.Palette.Fg, s.Palette.Bg = 0xd4d7dd, 0x16181d
	s.Prompt = vt.Prompt{Seen: true, State: vt.OutputStart, Exit: 3, Known: true, Count: 7, InLine: 2}
	s.Cursor = vt.Cursor{X: 3, Y: 24, Visible: true, Shape: vt.BlockCursor}
	attr := func(a vt.Attr) vt.Style { return vt.Style{Attr: a} }
	ul := func(u vt.Underline) vt.Style { return vt.Style{Underline: u} }
	x := 0
	words := func(row int, style vt.Style, text string) { x = put(s, row, x, style, text) + 1 }

	words(0, attr(0), "The quick brown fox <jumps> over")
	words(0, attr(vt.Bold), "the lazy")
	words(0, attr(vt.Italic), "dog & cat")
	words(0, attr(vt.Bold|vt.Italic), "\"gypq\"")
	x = 0
	words(1, attr(vt.Faint), "faint")
	words(1, attr(vt.Inverse), "inverse")
	words(1, attr(vt.Strike), "strike")
	words(1, attr(vt.Overline), "overline")
	words(1, attr(vt.Invisible), "secret")
	words(1, attr(vt.Blink), "blink")
	words(1, vt.Style{Attr: vt.Faint | vt.Inverse, Fg: vt.Indexed(2)}, "faint inverse")
	x = 0
	words(2, ul(vt.SingleUnderline), "single gypq")
	words(2, ul(vt.DoubleUnderline), "double gyp")
	words(2, vt.Style{Underline: vt.CurlyUnderline, Ul: vt.RGB(255, 80, 80)}, "curly gypq")
	words(2, ul(vt.DottedUnderline), "dotted gypq")
	words(2, ul(vt.DashedUnderline), "dashed gypq")
	for i := range 16 {
		put(s, 3, 2*i, vt.Style{Bg: vt.Indexed(uint8(i)), Fg: vt.Indexed(uint8(15 - i))}, "ab")
		put(s, 3, 32+2*i, vt.Style{Fg: vt.Indexed(uint8(i))}, "Xy")
	}
	for i := range 64 {
		put(s, 4, i, vt.Style{Bg: vt.RGB(uint8(4*i), uint8(255-4*i), 128)}, " ")
		put(s, 5, i, vt.Style{Bg: vt.Indexed(uint8(16 + 3*i)), Fg: vt.Indexed(uint8(255 - i/3))}, "▄")
	}
	for i, l := range []string{
		"┌──┬──┐ ┏━━┳━━┓ ╔══╦══╗ ╓──╥──╖ ╒══╤══╕ ╭──╮ ┄┄┄┄ ┅┅┅┅ ╱╲╱╲ ╲╱",
		"│  │  │ ┃  ┃  ┃ ║  ║  ║ ║  ║  ║ │  │  │ │  │ ┈┈┈┈ ┉┉┉┉ ╲╱╲╱ ╱╲",
		"├──┼──┤ ┣━━╋━━┫ ╠══╬══╣ ╟──╫──╢ ╞══╪══╡ ╰──╯ ╌╌╌╌ ╍╍╍╍ ╳╳╳╳ ╴╶",
		"└──┴──┘ ┗━━┻━━┛ ╚══╩══╝ ╙──╨──╜ ╘══╧══╛ ┆┇┊┋╎╏ ╵╷ ╹╻╼╾╽╿╸╺     ",
		"▁▂▃▄▅▆▇█ ▏▎▍▌▋▊▉█ ▀▐▔▕ ░░▒▒▓▓██ ▖▗▘▙▚▛▜▝▞▟ ",
		"┍┎┑┒┕┖┙┚┝┞┟┠┡┢┥┦┧┨┩┪┭┮┯┰┱┲┵┶┷┸┹┺┽┾┿╀╁╂╃╄╅╆╇╈╉╊",
		"⠁⠂⠄⠈⠐⠠⡀⢀⣿⡿⢿⣀⣤⣶ ⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ",
		"🬀🬁🬂🬃🬄🬅🬆🬇🬈🬉🬊🬋🬌🬍🬎🬏🬐🬑🬒🬓🬔🬕🬖🬗🬘🬙🬚🬛🬜🬝🬞🬟🬠🬡🬢🬣🬤🬥🬦🬧🬨🬩🬪🬫🬬🬭🬮🬯🬰🬱🬲🬳🬴🬵🬶🬷🬸🬹🬺🬻",
		"",
		"äöüß éèê ñ ç Привет мир Ελληνικά €£¥ → ← ↑ ↓ ✓ ✔ ★ • … “q” ‘q’",
		"wide: 漢字かな 😀 end|  cafe\u0301 n\u0303 x\u0323 |  narrow: \u0e01 \u05d0",
	} {
		put(s, 6+i, 0, vt.Style{}, l)
	}
	x = 0
	for i, glyph := range []string{"\ue0b0", "\ue0b1", "\ue0b2", "\ue0b3", "\ue0b4", "\ue0b5", "\ue0b6", "\ue0b7"} {
		x = put(s, 17, x, vt.Style{Fg: vt.Indexed(uint8(9 + i%6)), Bg: vt.Indexed(uint8(4 - i%4))}, " "+glyph+" ")
	}
	put(s, 18, 0, vt.Style{Fg: vt.Indexed(12), Underline: vt.SingleUnderline}, "a link and another")
	link(s, 18, 2, 6, "https://example.org/?a=1&b=\"2\"")
	link(s, 18, 11, 18, "javascript:alert(1)")
	put(s, 19, 0, vt.Style{}, strings.Repeat("wrapped ", 8))
	s.Lines[19].Wrapped = true
	put(s, 20, 0, vt.Style{}, "into the next line")
	put(s, 21, 0, vt.Style{Bg: vt.Indexed(1)}, "          ")
	put(s, 21, 20, vt.Style{Underline: vt.CurlyUnderline, Ul: vt.Indexed(3)}, "     ")
	put(s, 22, 0, vt.Style{}, "<script>alert('x')</script> &amp; \"quoted\" 'single'")
	put(s, 24, 0, vt.Style{Fg: vt.Indexed(10)}, "$ ")
	s.Lines[24].Mark = vt.PromptStart
	s.Scrollback = []vt.Line{screenOf(10, "gone by").Lines[0], screenOf(80, "wider once").Lines[0]}
	return s
}
