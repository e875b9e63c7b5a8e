//go:build linux

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// A password is answered from a script or by a person, and nothing of it is
// written down.
func TestStoryPassword(t *testing.T) {
	t.Parallel()
	python := testpeer.Need(t, "python3", "python3")
	o := newOuter(newWorld(t))
	p := o.main
	o.script("login", fmt.Sprintf(`printf 'user: '; read u; stty -echo; printf 'first: '; read a; stty echo; echo
exec %s -c 'import getpass; b = getpass.getpass("second: "); print("lengths", len("'$a'"), len(b)); input()'`, python))
	p.line("$S run --pty -- ./login")
	p.shows("user: ")

	const secret, typed = "korrekt-horse", "battery-stapel"
	stdin := func(c *exec.Cmd) { c.Stdin = strings.NewReader(secret + "\n") }
	// Too early: the terminal echoes. Nothing is sent.
	r := o.runWith(stdin, "type", "login", "--secret", "--enter", "--timeout", "200ms")
	if r.status != 2 || !strings.Contains(r.stderr, "still shows what is typed") {
		t.Errorf("while the terminal echoes: %+v", r)
	}
	if r := o.run("type", "login", "--secret", secret); r.status != 2 || !strings.Contains(r.stderr, "argument") {
		t.Errorf("as an argument: %+v", r)
	}

	// The one waits for its prompt, which comes with the Enter.
	early := o.startWith(stdin, "type", "login", "--secret", "--enter", "--timeout", "30s")
	p.types("me\r")
	if st := early.end(); st != 0 {
		t.Fatalf("the secret: status %d\n%s", st, early.err)
	}
	p.shows("second: ")
	p.until("getpass has turned the echo off", func() bool {
		return strings.Contains(o.must("screen", "login", "--json"), `"echo":false`)
	})
	p.types(typed + "\r")
	p.shows(fmt.Sprintf("lengths %d %d", len(secret), len(typed)))
	if got := o.must("screen", "login", "--scrollback"); strings.Contains(got, secret) || strings.Contains(got, typed) {
		t.Errorf("a password is on the screen:\n%s", got)
	}
	dir := o.dirOf("login")
	p.types("\r")
	p.prompted()
	if st := p.status(); st != "0" {
		t.Errorf("status %s", st)
	}

	for _, text := range []string{secret, typed, secret[:5], typed[:5]} {
		if in := holders(t, filepath.Dir(filepath.Dir(dir)), text); len(in) > 0 {
			t.Errorf("%q is in %v", text, in)
		}
	}
	// What is left of them is that they were there.
	want := []said{{"keyboard", "me\r"}, {"type", "(SECRET)"}, {"keyboard", "(HIDDEN)"}, {"keyboard", "\r"}}
	if diff := cmp.Diff(want, o.journal("login"), cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("the journal (- want, + got):\n%s", diff)
	}
}
