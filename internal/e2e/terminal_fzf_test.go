//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// The question that this project began with: how does input from outside get
// into fzf while the keyboard goes on working?
func TestStoryFzf(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "fzf", "fzf")
	o := newOuter(newWorld(t))
	p := o.main
	p.line("$S run --pty --stdin fifo:list --name pick -- fzf --no-sort; echo over=$?")
	p.shows("0/0")
	list, err := os.OpenFile(o.path("list"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	list.WriteString("cherry\napple\n")
	p.shows("2/2")
	list.WriteString("avocado\nbanana\n")
	p.shows("4/4")

	p.types("a")
	p.shows("3/4")
	o.must("type", "pick", "v")
	p.shows("1/4")
	o.must("press", "pick", "Backspace")
	p.shows("3/4")
	p.keys("Up") // the keyboard goes on: from apple to avocado
	o.must("wait", "pick", "--regex", `^> avocado`)
	o.must("press", "pick", "Enter")
	p.shows("over=0")
	p.prompted()
	if got := p.capture(); !strings.Contains(got, "\navocado\nover=0\n") {
		t.Errorf("fzf's answer is not in the window:\n%s", got)
	}
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}
	up := "\x1b[A"
	if strings.Contains(o.read(o.dirOf("pick")+"/stdout.log"), "\x1b[?1h") {
		up = "\x1bOA" // it asked for application cursor keys
	}
	want := []said{{"keyboard", "a"}, {"type", "v"}, {"press", "\x7f"}, {"keyboard", up}, {"press", "\r"}}
	if diff := cmp.Diff(want, o.journal("pick"), cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("who wrote what (- want, + got):\n%s", diff)
	}
}
