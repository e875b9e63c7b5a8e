//go:build linux

package session_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/session/sessiontest"
)

// The end of a pipe reaches a program that reads keys as well, one that comes to read
// keys before it has seen the end of its lines, and one that reads lines again and
// again; but not where the pipe had nothing to say, nor where it only attached.
func TestPipedInputEnds(t *testing.T) {
	const (
		key = `k=$(dd bs=1 count=1 2>/dev/null | od -An -tu1); echo $k; `
		any = `stty min 0 time 10; ` // in a second
	)
	own := session.AttachOptions{FromStart: true}
	for _, c := range []struct {
		name, script, piped, want string
		o                         session.AttachOptions
	}{
		{"keys", "stty raw -echo; echo ready; " + key + key, "a", "97\n4", own},
		{"keys later", "stty -echo; echo ready; read x; stty raw; while [ $((k)) != 4 ]; do " + key + "done", "line\n", "4", own},
		{"lines", "stty -echo; echo ready; read x; read y; read y; read y; echo over", "line\n", "over", own},
		{"nothing", "stty raw -echo; echo ready; " + key, "", "120", own},
		{"attached", "stty raw -echo; echo ready; " + key + any + key + "echo over", "a", "97\nover", session.AttachOptions{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := sessiontest.Start(t, "sh", "-c", c.script)
			term.WaitText("ready")
			g := join(t, term.Session, c.o)
			g.send(session.FrameStdin, c.piped)
			g.send(session.FrameEOF, "")
			if c.piped == "" {
				g.send(session.FrameKeys, "x") // behind what the end of the pipe is
			}
			term.WaitExit()
			got := strings.Join(strings.Fields(term.Text()), "\n")
			if !strings.HasSuffix(got, "\n"+c.want) {
				t.Errorf("%q; want %q", got, c.want)
			}
		})
	}
}

// The end of a pipe is not that of the input any more once somebody else types: no
// Ctrl+D comes into what he starts.
func TestPipedInputGoesOn(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "go")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	term := sessiontest.Start(t, "sh", "-c", `stty -echo; echo ready; read x; read x; echo ended; read x <"$0"; read x
		stty raw min 0 time 10; echo keys $(dd bs=1 count=9 2>/dev/null | od -An -tu1) over`, fifo)
	term.WaitText("ready")
	g := join(t, term.Session, session.AttachOptions{FromStart: true})
	g.send(session.FrameStdin, "line\n")
	g.send(session.FrameEOF, "")
	term.WaitText("ended")
	if err := term.Session.Send(t.Context(), session.Input{Source: "other", Steps: []session.Step{{Text: "k"}, {Keys: []string{"Enter"}}}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fifo, []byte("\n"), 0); err != nil {
		t.Fatal(err)
	}
	term.WaitExit()
	_, keys, said := strings.Cut(term.Text(), "keys")
	if f := strings.Fields(keys); !said || !slices.Contains(f, "over") || slices.Contains(f, "4") {
		t.Errorf("%q", term.Text())
	}
}
