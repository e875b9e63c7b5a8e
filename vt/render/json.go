package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/sluicerun/sluice/vt"
)

// The objects of [JSON], in the order in which they are written.
type (
	jsonHead struct {
		Version   int          `json:"version"`
		Cols      int          `json:"cols"`
		Rows      int          `json:"rows"`
		Cursor    *jsonCursor  `json:"cursor"`
		Title     string       `json:"title"`
		IconTitle string       `json:"icon_title,omitempty"`
		Dir       string       `json:"dir,omitempty"`
		Modes     []string     `json:"modes"`
		Prompt    *jsonPrompt  `json:"prompt,omitempty"`
		Palette   *jsonPalette `json:"palette,omitempty"`
	}
	jsonScreen struct {
		jsonHead
		Scrollback []jsonLine `json:"scrollback"`
		Lines      []jsonLine `json:"lines"`
	}
	jsonCursor struct {
		Row         int    `json:"row"`
		Col         int    `json:"col"`
		Visible     bool   `json:"visible"`
		Shape       string `json:"shape"`
		Blink       bool   `json:"blink,omitempty"`
		PendingWrap bool   `json:"pending_wrap,omitempty"`
	}
	jsonPrompt struct {
		State string `json:"state"`
		Exit  *int   `json:"exit,omitempty"`
		Count int    `json:"count"`
		Row   int    `json:"row"`
		Ends  bool   `json:"ends,omitempty"`
	}
	jsonPalette struct {
		Fg     string            `json:"fg"`
		Bg     string            `json:"bg"`
		Cursor string            `json:"cursor"`
		Colors map[string]string `json:"colors,omitempty"`
	}
	jsonLine struct {
		Text    string    `json:"text"`
		Cols    *int      `json:"cols,omitempty"`
		Wrapped bool      `json:"wrapped,omitempty"`
		Mark    string    `json:"mark,omitempty"`
		Runs    []jsonRun `json:"runs,omitempty"`
		Cells   []jsonRun `json:"cells,omitempty"`
	}
	jsonRun struct {
		Col       int      `json:"col"`
		Width     int      `json:"width"`
		Text      string   `json:"text"`
		Wide      bool     `json:"wide,omitempty"`
		Cluster   bool     `json:"cluster,omitempty"`
		Fg        string   `json:"fg,omitempty"`
		Bg        string   `json:"bg,omitempty"`
		Underline string   `json:"underline,omitempty"`
		Ul        string   `json:"ul,omitempty"`
		Attrs     []string `json:"attrs,omitempty"`
		Link      string   `json:"link,omitempty"`
	}
)

const jsonVersion = 1

// JSON returns the screen as one object. Its first lines hold one or more fields
// each and every line of the screen stands on a line of its own, so that two
// screens can be compared with diff; a reader of JSON need not care. Rows and
// columns count from 0. The fields, those marked ? only where they say something:
//
//	version     1; grows when the meaning of a field changes
//	cols, rows  the size of what is shown
//	cursor      {row, col, visible, shape: "block" | "underline" | "bar", blink?,
//	            pending_wrap?}; null if it is outside of the region
//	title       of the window
//	icon_title? dir?  the directory is the URL that the shell told (OSC 7)
//	modes       names of the modes that are on: "autowrap", "bracketed-paste",
//	            "alt-screen", "mouse-button", "mouse-sgr" ...
//	prompt?     {state: mark, exit?, count, row} of a shell that marks its prompts
//	            (OSC 133); row is that of the screen, -1 if it scrolled off
//	palette?    {fg, bg, cursor, colors?}; colors has those that are not xterm's,
//	            by their number
//	scrollback? lines that scrolled off, oldest first, if asked for
//	lines       of the screen
//
// A line is {text, cols?, wrapped?, mark?, runs?}: text without the blanks at its
// end, cols where its width is not that of the screen, wrapped if the text goes
// on in the next line, mark "prompt" | "input" | "output" | "done".
//
// A run is {col, width, text, wide?, cluster?, fg?, bg?, underline?, ul?, attrs?,
// link?}: cells side by side that look the same, width columns from col on. Each
// character (code point) of text is one cell of one column, or of two with wide;
// with cluster, the run is one cell and its text is several code points. Colours
// are "#rrggbb", or the number in the palette ("0" to "255"); none is the
// terminal's own. underline is "single", "double", "curly", "dotted" or "dashed",
// ul its colour, attrs holds "bold", "faint", "italic", "blink", "inverse",
// "invisible", "strike", "overline", "protected". Cells in no run are blank.
//
// With [Options.Cells] a line has cells in place of runs, of the same form, and
// one for each character or blank of the line to its full width.
func JSON(s *vt.Snapshot, o Options) ([]byte, error) {
	v := rawView(s, o)
	head := jsonHead{
		Version: jsonVersion, Cols: v.cols, Rows: len(v.lines) - v.above,
		Title: v.title, IconTitle: clean(s.IconTitle), Dir: clean(s.Dir),
		Modes: []string{}, Prompt: promptToJSON(s.Prompt), Palette: paletteToJSON(s.Palette),
	}
	if c := v.cursor; c != nil && c.Y >= v.above {
		head.Cursor = &jsonCursor{c.Y - v.above, c.X, c.Visible, nameOf(shapeNames[:], c.Shape), c.Blink, c.PendingWrap}
	}
	for _, m := range modeNames() {
		if m.get(&s.Modes) {
			head.Modes = append(head.Modes, m.name)
		}
	}
	var b bytes.Buffer
	if err := marshal(&b, head); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the closing brace
	if o.Scrollback {
		if err := v.linesToJSON(&b, "scrollback", v.lines[:v.above], o.Cells); err != nil {
			return nil, err
		}
	}
	if err := v.linesToJSON(&b, "lines", v.lines[v.above:], o.Cells); err != nil {
		return nil, err
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

func (v *view) linesToJSON(b *bytes.Buffer, name string, lines []vt.Line, single bool) error {
	b.WriteString(",\n\"" + name + "\":[")
	for i, l := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		j := jsonLine{
			Text: run{cells: written(l.Cells, false)}.text(), Wrapped: l.Wrapped, Mark: nameOf(markNames[:], l.Mark),
		}
		if n := len(l.Cells); n != v.cols {
			j.Cols = &n
		}
		if single {
			j.Cells = cellsToJSON(l.Cells)
		} else {
			j.Runs = runsToJSON(l.Cells)
		}
		if err := marshal(b, j); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// marshal is json.Marshal, but leaves < > and & as they are: nobody reads a
// screen inside a <script>.
func marshal(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing the screen as JSON: %w", err)
	}
	b.Truncate(b.Len() - 1) // the newline
	return nil
}

func runsToJSON(cells []vt.Cell) []jsonRun {
	n := len(cells)
	for n > 0 && cells[n-1] == (vt.Cell{Width: 1}) {
		n--
	}
	var out []jsonRun
	for r := range runs(cells[:n], -1) {
		if r.style == (vt.Style{}) && r.link == "" && r.blank() {
			continue
		}
		for i := 0; i < len(r.cells); {
			j := i + int(r.cells[i].Width)
			for j < len(r.cells) && !cluster(r.cells[i]) && !cluster(r.cells[j]) && r.cells[j].Width == r.cells[i].Width {
				j += int(r.cells[j].Width)
			}
			out = append(out, runToJSON(run{r.col + i, r.cells[i:j], r.style, r.link, false}))
			i = j
		}
	}
	return out
}

func cellsToJSON(cells []vt.Cell) []jsonRun {
	var out []jsonRun
	for i := 0; i < len(cells); i += int(cells[i].Width) {
		out = append(out, runToJSON(run{i, cells[i : i+int(cells[i].Width)], cells[i].Style, cells[i].Link, false}))
	}
	return out
}

func cluster(c vt.Cell) bool { return utf8.RuneCountInString(c.Text) > 1 }

func runToJSON(r run) jsonRun {
	j := jsonRun{
		Col: r.col, Width: len(r.cells), Text: r.text(), Wide: r.cells[0].Width == 2, Cluster: cluster(r.cells[0]),
		Fg: colorToJSON(r.style.Fg), Bg: colorToJSON(r.style.Bg), Ul: colorToJSON(r.style.Ul),
		Underline: nameOf(underlineNames[:], r.style.Underline), Link: clean(r.link),
	}
	for i, name := range attrNames {
		if r.style.Attr&(1<<i) != 0 {
			j.Attrs = append(j.Attrs, name)
		}
	}
	return j
}

func colorToJSON(c vt.Color) string {
	if i, ok := c.Index(); ok {
		return strconv.Itoa(int(i))
	}
	if r, g, b, ok := c.RGB(); ok {
		return (rgb(r)<<16 | rgb(g)<<8 | rgb(b)).hex()
	}
	return ""
}

func promptToJSON(p vt.Prompt) *jsonPrompt {
	if !p.Seen {
		return nil
	}
	j := &jsonPrompt{State: nameOf(markNames[:], p.State), Count: p.Count, Row: p.InLine, Ends: p.Ends}
	if p.Known {
		j.Exit = &p.Exit
	}
	return j
}

func paletteToJSON(p vt.Palette) *jsonPalette {
	if p == (vt.Palette{}) {
		return nil
	}
	j := &jsonPalette{Fg: rgb(p.Fg).hex(), Bg: rgb(p.Bg).hex(), Cursor: rgb(p.Cursor).hex()}
	usual := xtermPalette()
	for i, c := range p.Colors {
		if c&0xffffff != usual.Colors[i] {
			if j.Colors == nil {
				j.Colors = map[string]string{}
			}
			j.Colors[strconv.Itoa(i)] = rgb(c).hex()
		}
	}
	return j
}
