package adopt

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// DrawOptions say how a picture is drawn.
type DrawOptions struct {
	// Width is that of the screen in columns; 0 stands for 80. Pictures are never
	// narrower than 60.
	Width int
	// ASCII draws without characters that a plain terminal does not have.
	ASCII bool
}

// Draw shows processes as boxes, one above the other in the order of the flow: at
// the left are the files and terminals that they have open, at the right what
// connects them. The process that was asked for has the thicker box.
func Draw(w io.Writer, p *Plumbing, opt DrawOptions) error {
	d := newDrawing(p, opt)
	_, err := io.WriteString(w, strings.Join(d.lines(), "\n")+"\n")
	return err
}

// pen is the characters that lines are made of.
type pen struct {
	across, down, cross, branch  string
	bendDown, bendUp             string // at the end of a line from the left
	left, right                  string // heads of arrows
	box, thick                   [6]string
	outLeft, outRight            string // where a line leaves a box
	thickLeft, thickRight, clips string
}

var fine = pen{
	across: "─", down: "│", cross: "┼", branch: "┤", bendDown: "╮", bendUp: "╯", left: "◀", right: "▶",
	box: [6]string{"┌", "┐", "└", "┘", "─", "│"}, thick: [6]string{"╔", "╗", "╚", "╝", "═", "║"},
	outLeft: "┤", outRight: "├", thickLeft: "╢", thickRight: "╟", clips: "…",
}

var plainPen = pen{
	across: "-", down: "|", cross: "+", branch: "+", bendDown: "+", bendUp: "+", left: "<", right: ">",
	box: [6]string{"+", "+", "+", "+", "-", "|"}, thick: [6]string{"#", "#", "#", "#", "=", "#"},
	outLeft: "|", outRight: "|", thickLeft: "#", thickRight: "#", clips: "~",
}

// row is a line of the picture while it is made.
type row struct {
	node  int
	edge  int // of a box: 0 its top, 1 between, 2 its bottom
	text  string
	left  *Port
	right *Port
}

type drawing struct {
	pen
	p     *Plumbing
	ascii bool
	rows  []row
	lane  []int    // of each link
	span  [][2]int // the first and the last row of each link
	lanes int
	// The widths of the parts of a line.
	names, fdsLeft, text, fdsRight, total int
}

func newDrawing(p *Plumbing, opt DrawOptions) *drawing {
	d := &drawing{p: p, pen: fine, ascii: opt.ASCII}
	if opt.ASCII {
		d.pen = plainPen
	}
	d.total = max(opt.Width, 60)
	if opt.Width == 0 {
		d.total = 80
	}
	for i := range p.Processes {
		d.addNode(i)
	}
	d.chooseLanes()
	d.measure()
	return d
}

// addNode makes the rows of a box.
func (d *drawing) addNode(i int) {
	n := &d.p.Processes[i]
	var left, right []*Port
	for j := range n.Ports {
		if port := &n.Ports[j]; port.Link >= 0 {
			right = append(right, port)
		} else {
			left = append(left, port)
		}
	}
	d.rows = append(d.rows, row{node: i, edge: 0, text: d.clean(fmt.Sprintf("%s %d", n.Comm, n.PID))})
	for j := range max(1, len(left), len(right)) {
		r := row{node: i, edge: 1}
		if j == 0 {
			r.text = d.clean(strings.Join(n.Command, " "))
		}
		if j < len(left) {
			r.left = left[j]
		}
		if j < len(right) {
			r.right = right[j]
		}
		d.rows = append(d.rows, r)
	}
	d.rows = append(d.rows, row{node: i, edge: 2})
}

// chooseLanes gives each link a column in which it runs down, short ones next to
// the boxes.
func (d *drawing) chooseLanes() {
	d.span = make([][2]int, len(d.p.Links))
	d.lane = make([]int, len(d.p.Links))
	for i := range d.span {
		d.span[i] = [2]int{-1, -1}
	}
	for y, r := range d.rows {
		if r.right != nil {
			s := &d.span[r.right.Link]
			if s[0] < 0 {
				s[0] = y
			}
			s[1] = y
		}
	}
	order := make([]int, len(d.span))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return (d.span[a][1] - d.span[a][0]) - (d.span[b][1] - d.span[b][0])
	})
	var taken [][][2]int
	for _, l := range order {
		s := d.span[l]
		at := slices.IndexFunc(taken, func(all [][2]int) bool {
			return !slices.ContainsFunc(all, func(o [2]int) bool { return s[0] <= o[1] && o[0] <= s[1] })
		})
		if at < 0 {
			at = len(taken)
			taken = append(taken, nil)
		}
		taken[at] = append(taken[at], s)
		d.lane[l] = at
	}
	d.lanes = len(taken)
}

// measure shares the width among the parts of a line.
func (d *drawing) measure() {
	label := 0
	for _, r := range d.rows {
		if r.left != nil {
			d.names = max(d.names, displaywidth.String(d.clean(r.left.Name)))
			d.fdsLeft = max(d.fdsLeft, len(fdList(r.left.FDs)))
		}
		if r.right != nil {
			d.fdsRight = max(d.fdsRight, len(fdList(r.right.FDs)))
			label = max(label, displaywidth.String(d.label(d.p.Links[r.right.Link])))
		}
		d.text = max(d.text, displaywidth.String(r.text)+r.room())
	}
	// Besides, there are four columns for arrows, two borders and three blanks, and
	// what the lanes take.
	rest := d.total - d.fdsLeft - d.fdsRight - 4 - 2 - 3 - 3*d.lanes - 4
	d.names = min(d.names, max(16, rest/3))
	d.text = min(d.text, 40, max(14, rest-d.names-min(label, max(16, rest/3))))
}

// room is what a row needs besides its text: the top of a box has corners at it.
func (r row) room() int {
	if r.edge == 0 {
		return 4
	}
	return 0
}

func (d *drawing) lines() []string {
	var all []string
	for y, r := range d.rows {
		all = append(all, strings.TrimRight(d.leftOf(r)+d.boxOf(r)+d.rightOf(y, r), " "))
	}
	if d.p.Omitted > 0 {
		all = append(all, fmt.Sprintf("and %d more that are connected with these", d.p.Omitted))
	}
	if len(d.p.Shared) > 0 {
		all = append(all, "not followed, as several others have them too: descriptors "+fdList(d.p.Shared))
	}
	for _, t := range d.p.Terminals {
		name := d.clean(t.name())
		all = append(all, "")
		for i, part := range t.parts() {
			indent := strings.Repeat(" ", displaywidth.String(name)+2)
			if i > 0 {
				name = indent[2:]
			}
			for j, line := range wrap(d.clean(part), max(20, d.total-len(indent)-2)) {
				if j == 0 {
					line = name + "  " + line
				} else {
					line = indent + "  " + line
				}
				all = append(all, d.clip(line, d.total))
			}
		}
	}
	return all
}

// leftOf is the name of what a box has at its left, with an arrow.
func (d *drawing) leftOf(r row) string {
	if r.left == nil {
		if d.names == 0 {
			return ""
		}
		return strings.Repeat(" ", d.names+5)
	}
	name := d.clean(r.left.Name)
	if strings.Contains(name, "/") {
		name = d.clipFront(name, d.names)
	}
	name = d.clip(name, d.names)
	tail, head := d.across, d.across
	if r.left.Out {
		tail = d.left
	}
	if r.left.In {
		head = d.right
	}
	return strings.Repeat(" ", d.names-displaywidth.String(name)) + name + " " + tail + d.across + d.across + head
}

func (d *drawing) boxOf(r row) string {
	b, outLeft, outRight := d.box, d.outLeft, d.outRight
	if d.p.Processes[r.node].Asked {
		b, outLeft, outRight = d.thick, d.thickLeft, d.thickRight
	}
	inner := d.fdsLeft + d.fdsRight + d.text + 2
	switch r.edge {
	case 0:
		title := d.clip(r.text, inner-4)
		return b[0] + b[4] + " " + title + " " + strings.Repeat(b[4], inner-3-displaywidth.String(title)) + b[1]
	case 2:
		return b[2] + strings.Repeat(b[4], inner) + b[3]
	}
	left, right := b[5], b[5]
	fdl, fdr := "", ""
	if r.left != nil {
		fdl = fdList(r.left.FDs)
		if !r.left.In {
			left = outLeft
		}
	}
	if r.right != nil {
		fdr = fdList(r.right.FDs)
		if !r.right.In {
			right = outRight
		}
	}
	text := d.clip(r.text, d.text)
	return left + fdl + strings.Repeat(" ", d.fdsLeft-len(fdl)) + " " + text + strings.Repeat(" ", d.text-displaywidth.String(text)) +
		" " + strings.Repeat(" ", d.fdsRight-len(fdr)) + fdr + right
}

// rightOf is the lanes beside a row, and where a link begins, what it is.
func (d *drawing) rightOf(y int, r row) string {
	if d.lanes == 0 {
		return ""
	}
	cells := make([]string, 3*d.lanes+2)
	for i := range cells {
		cells[i] = " "
	}
	for l, s := range d.span {
		if s[0] < y && y < s[1] {
			cells[d.column(l)] = d.down
		}
	}
	label := ""
	if r.right != nil {
		l := r.right.Link
		at := d.column(l)
		for i := range at {
			if cells[i] == d.down {
				cells[i] = d.cross
			} else {
				cells[i] = d.across
			}
		}
		if r.right.In {
			cells[0] = d.left
		}
		switch {
		case d.span[l][0] == d.span[l][1]:
			cells[at] = d.across
		case y == d.span[l][0]:
			cells[at] = d.bendDown
		case y == d.span[l][1]:
			cells[at] = d.bendUp
		default:
			cells[at] = d.branch
		}
		if r.right.Out && r.right.In {
			cells[2] = d.right
		}
		if y == d.span[l][0] {
			label = "  " + d.label(d.p.Links[l])
		}
	}
	used := d.fdsLeft + d.fdsRight + d.text + 4 + len(cells)
	if d.names > 0 {
		used += d.names + 5
	}
	return strings.Join(cells, "") + d.clip(label, max(8, d.total-used))
}

func (d *drawing) column(link int) int { return 3 + 3*d.lane[link] }

// label is what a link is.
func (d *drawing) label(l Link) string {
	text := l.Name
	if l.Waiting != nil && *l.Waiting > 0 {
		text += fmt.Sprintf(", %d bytes wait", *l.Waiting)
	}
	return d.clean(text)
}

// clean makes a text one that takes the room that it seems to.
func (d *drawing) clean(text string) string {
	text = Printable(text)
	if !d.ascii {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, text)
}

func (d *drawing) clip(text string, width int) string {
	return displaywidth.TruncateString(text, width, d.clips)
}

// wrap breaks a text between words.
func wrap(text string, width int) []string {
	var all []string
	for _, word := range strings.Fields(text) {
		if n := len(all) - 1; n >= 0 && displaywidth.String(all[n])+1+displaywidth.String(word) <= width {
			all[n] += " " + word
		} else {
			all = append(all, word)
		}
	}
	return all
}

// clipFront keeps the end of a path, which tells more than its beginning.
func (d *drawing) clipFront(path string, width int) string {
	if displaywidth.String(path) <= width {
		return path
	}
	runes := []rune(path)
	for len(runes) > 0 && displaywidth.String(string(runes)) > width-1 {
		runes = runes[1:]
	}
	return d.clips + string(runes)
}

// fdList names descriptors: 0,1,2.
func fdList(fds []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(fds), " ", ","), "[]")
}

// String tells who holds the terminal and how it is set.
func (term TerminalState) String() string {
	return strings.Join(append([]string{term.name()}, term.parts()...), "; ")
}

func (term TerminalState) name() string {
	if term.Name == "/dev/tty" && term.Index >= 0 {
		return fmt.Sprintf("/dev/pts/%d", term.Index)
	}
	return Printable(term.Name)
}

func (term TerminalState) parts() []string {
	var all, who []string
	for _, m := range term.Masters {
		who = append(who, fmt.Sprintf("%s (%d) fd %d", Printable(m.Comm), m.PID, m.FD))
	}
	if len(who) > 0 {
		all = append(all, "held by "+strings.Join(who, " and "))
	}
	if term.Modes != nil {
		all = append(all, term.Modes.String())
	}
	if fg := term.Foreground; fg != nil {
		text := fmt.Sprintf("in the foreground: group %d", fg.Group)
		var names []string
		for _, w := range fg.Processes {
			names = append(names, fmt.Sprintf("%d %s", w.PID, Printable(w.Comm)))
		}
		if len(names) > 0 {
			text += " (" + strings.Join(names, ", ") + ")"
		}
		all = append(all, text)
	}
	if term.Note != "" {
		all = append(all, term.Note)
	}
	return all
}

// String tells modes in words.
func (m Modes) String() string {
	words := []string{"no size"}
	if m.Cols > 0 || m.Rows > 0 {
		words[0] = fmt.Sprintf("%dx%d", m.Cols, m.Rows)
	}
	if m.Raw {
		words = append(words, "raw")
	} else {
		for _, w := range []struct {
			is  bool
			yes string
			no  string
		}{{m.Canonical, "canonical", "not canonical"}, {m.Echo, "echo", "no echo"}, {m.Signals, "signals", "no signals"}} {
			if w.is {
				words = append(words, w.yes)
			} else {
				words = append(words, w.no)
			}
		}
	}
	return strings.Join(words, ", ")
}
