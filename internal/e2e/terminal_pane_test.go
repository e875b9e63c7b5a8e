//go:build linux

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
)

// pane is a window of the outer terminal.
type pane struct {
	o  *outer
	id string
}

// until waits for a condition, and shows the windows if it does not come true.
func (p *pane) until(what string, ok func() bool) {
	p.o.t.Helper()
	until(p.o.t, what, ok)
}

// capture is what the window shows, without the blanks at the ends of lines.
func (p *pane) capture(flags ...string) string {
	p.o.t.Helper()
	return p.o.tmux(append([]string{"capture-pane", "-p", "-t", p.id}, flags...)...)
}

// format is what tmux knows of the window: #{alternate_on} and the like.
func (p *pane) format(f string) string {
	p.o.t.Helper()
	return p.o.tmux("display-message", "-p", "-t", p.id, f)
}

// seen is what the window shows but the shell's command lines, which may hold
// what a program is to print; what the terminal wrapped is one line.
func (p *pane) seen() string {
	p.o.t.Helper()
	var b strings.Builder
	for line := range strings.Lines(p.capture("-J")) {
		if !strings.Contains(line, prompt+" ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// shows waits for text in the window.
func (p *pane) shows(text string) {
	p.o.t.Helper()
	p.until(fmt.Sprintf("the window shows %q", text), func() bool { return strings.Contains(p.seen(), text) })
}

// atPrompt tells whether the shell waits for a command. Its prompt may stand
// behind what a program left in the line.
func (p *pane) atPrompt() bool {
	p.o.t.Helper()
	var x, y int
	if n, _ := fmt.Sscan(p.format("#{cursor_x} #{cursor_y}"), &x, &y); n != 2 {
		return false
	}
	lines := strings.Split(p.capture(), "\n")
	return y < len(lines) && strings.HasSuffix(lines[y], prompt) && x == len(lines[y])+1
}

// prompted waits until the shell waits for a command.
func (p *pane) prompted() {
	p.o.t.Helper()
	p.until("the shell is back at its prompt", p.atPrompt)
}

// types types text at the window's keyboard.
func (p *pane) types(text string) {
	p.o.t.Helper()
	p.o.tmux("send-keys", "-t", p.id, "-l", "--", text)
}

// keys presses keys by tmux's names.
func (p *pane) keys(names ...string) {
	p.o.t.Helper()
	p.o.tmux(append([]string{"send-keys", "-t", p.id}, names...)...)
}

// line types a command line. It presses Enter only once the shell shows all of
// it, so that the prompt seen next is a new one.
func (p *pane) line(text string) {
	p.o.t.Helper()
	p.prompted()
	p.types(text)
	p.until("the shell shows what is typed", func() bool {
		return strings.HasSuffix(strings.TrimRight(p.capture("-J"), "\n "), prompt+" "+text)
	})
	p.keys("Enter")
}

// fresh types a command line into an empty window.
func (p *pane) fresh(text string) {
	p.o.t.Helper()
	p.line("clear")
	p.until("the window is empty", func() bool { return strings.TrimSpace(p.capture()) == prompt })
	p.line(text)
}

// status types a command line that tells how the one before ended, and returns
// that.
func (p *pane) status() string {
	p.o.t.Helper()
	p.line("st=$?; clear")
	p.until("the window is empty", func() bool { return strings.TrimSpace(p.capture()) == prompt })
	p.line("echo was=$st.")
	p.shows("was=")
	_, rest, _ := strings.Cut(p.seen(), "was=")
	st, _, _ := strings.Cut(rest, ".")
	return st
}

// resize gives the window another size.
func (p *pane) resize(cols, rows int) {
	p.o.t.Helper()
	p.o.tmux("resize-window", "-t", p.id, "-x", fmt.Sprint(cols), "-y", fmt.Sprint(rows))
}

// modes are what programs switch on and have to leave, as tmux has them.
func (p *pane) modes() string {
	p.o.t.Helper()
	return p.format("alternate=#{alternate_on} cursor=#{cursor_flag} mouse=#{mouse_any_flag}#{mouse_sgr_flag} keypad=#{keypad_flag} cursorkeys=#{keypad_cursor_flag} insert=#{insert_flag} origin=#{origin_flag} wrap=#{wrap_flag}")
}

// sane is modes of a terminal that was left as it was found.
const sane = "alternate=0 cursor=1 mouse=00 keypad=0 cursorkeys=0 insert=0 origin=0 wrap=1"

// stty is how the window's terminal is set.
func (p *pane) stty() string {
	p.o.t.Helper()
	out, err := exec.Command("stty", "-a", "-F", p.format("#{pane_tty}")).Output()
	if err != nil {
		p.o.t.Fatalf("stty: %v", err)
	}
	return string(out)
}
