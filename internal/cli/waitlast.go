package cli

import (
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt"
	"github.com/sluicerun/sluice/vt/render"
)

// lookForPort bounds the look for who listens on this machine.
const lookForPort = time.Second

// lastHolds says what of a condition does not hold on the last screen of a
// program that has ended; "": all does. That it has ended and that the screen
// does not change is true by now, and so is that it came after the last input.
func lastHolds(t *vt.Terminal, c session.Condition) (missing string, err error) {
	snap := t.Snapshot(false)
	text := render.Text(snap, render.Options{Join: true})
	var parts []string
	need := func(asked, holds bool, format string, args ...any) {
		if asked && !holds {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	match := func(re, in string) bool {
		if err != nil || re == "" {
			return true
		}
		var r *regexp.Regexp
		if r, err = regexp.Compile("(?m)" + re); err != nil {
			return false
		}
		return r.MatchString(in)
	}
	need(true, strings.Contains(text, c.Text), "the text %q", c.Text)
	need(true, match(c.Regexp, text), "text matching /%s/", c.Regexp)
	need(c.Gone != "", !strings.Contains(text, c.Gone), "the text %q to go", c.Gone)
	need(c.Row > 0, snap.Cursor.Y == c.Row-1, "the cursor in row %d", c.Row)
	need(c.Col > 0, snap.Cursor.X == c.Col-1, "the cursor in column %d", c.Col)
	need(true, match(c.Title, snap.Title), "a title matching /%s/", c.Title)
	mark := snap.Prompt.State
	need(c.Prompt, snap.Prompt.Seen && (mark == vt.PromptStart || mark == vt.InputStart), "the shell's prompt")
	if c.File != "" {
		_, serr := os.Stat(c.File)
		need(true, serr == nil, "the file %s", c.File)
	}
	if c.Port > 0 {
		conn, derr := net.DialTimeout("tcp", net.JoinHostPort("localhost", strconv.Itoa(c.Port)), lookForPort)
		if derr == nil {
			conn.Close()
		}
		need(true, derr == nil, "somebody who listens on port %d", c.Port)
	}
	return strings.Join(parts, " and "), err
}
