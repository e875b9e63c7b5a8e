//go:build linux

package e2e

import (
	"strings"
	"testing"
)

// Detached from, looked at, joined again: the screen is as it was, with what
// scrolled off, and the program's end is that of who is attached.
func TestStoryDetach(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("talk", `stty -echo; seq 100; while read -r l; do printf '<%s>\n' "$l"; [ "$l" = bye ] && exit 4; done`)
	for _, leave := range [][]string{{"C-]"}, {"C-]", "d"}} { // alone, which takes a moment, and with a letter
		p.fresh("$S run --pty -- ./talk")
		p.shows("100")
		p.types("first\r")
		p.shows("<first>")
		p.keys(leave...)
		p.prompted()
		if st := p.status(); st != "0" {
			t.Errorf("detaching: status %s", st)
		}
		if got := p.modes(); got != sane {
			t.Errorf("the terminal is left with %s", got)
		}
		rec := o.ps()[0]
		if rec.State != "running" || !alive(rec.Workers[0].PID) || rec.Launcher != nil {
			t.Errorf("after detaching: %+v", rec)
		}
		if got := o.must("sessions"); !strings.Contains(got, rec.ID+"/0  running") {
			t.Errorf("sessions:\n%s", got)
		}

		// Somebody types while nobody watches.
		o.must("type", rec.ID, "second", "--enter")
		o.waitText(rec.ID, "<second>")
		p.fresh("tmux clear-history; $S attach " + rec.ID + " --scrollback 1000")
		p.shows("99\n100\n<first>\n<second>")
		if got := p.capture("-S", "-"); !strings.Contains(got, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n") {
			t.Errorf("what scrolled off is not in the window's history:\n%s", clip(got))
		}
		// The detach key for the program: ^], that is 1d.
		p.keys("C-]", "C-]")
		p.types("\r")
		p.until("the program gets the key", func() bool {
			return strings.Contains(o.read(o.dirOf(rec.ID)+"/stdout.log"), "<\x1d>")
		})
		p.types("bye\r")
		p.prompted()
		if st := p.status(); st != "4" {
			t.Errorf("status %s of attach", st)
		}
		// Afterwards.
		p.fresh("$S attach " + rec.ID)
		p.prompted()
		if got := p.seen(); !strings.Contains(got, "99\n100\n<first>\n<second>\n<") || !strings.Contains(got, "<bye>\n") || !strings.Contains(got, "it ended with 4") {
			t.Errorf("the last screen:\n%s", strings.TrimSpace(got))
		}
		if st := p.status(); st != "4" {
			t.Errorf("status %s of attach after the end", st)
		}
	}
}

// Without a detach key every key is the program's; and a keymap comes first.
func TestStoryDetachKey(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	p.line("$S run --pty --detach-key none -- cat -v")
	o.workersOf(1)
	p.keys("C-]")
	p.types("x\r")
	p.shows("^]x\n^]x")
	p.keys("C-d")
	p.prompted()
	p.fresh("$S run --pty --detach-key F12 -- cat -v")
	o.workersOf(1)
	p.keys("C-]", "Enter")
	p.shows("^]\n^]")
	p.keys("F12")
	p.types("d")
	p.prompted()
	if got := p.seen(); !strings.Contains(got, "detached from cat-") {
		t.Errorf("F12 does not detach:\n%s", got)
	}
}

// A terminal that joined itself would hear itself for ever. From inside,
// another one may be joined.
func TestStoryAttachSelf(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("inner", `for f in "" --read-only; do "$S" attach $f self; echo "status $?"; "$S" attach $f "$SLUICE_RUN" </dev/null; echo "status $?"; done`)
	p.line("$S run --pty -- ./inner")
	p.prompted()
	got := p.seen()
	if n := strings.Count(got, "it is the terminal that this command runs on"); n != 4 || strings.Count(got, "status 2\n") != 4 {
		t.Errorf("%d of 4 were refused:\n%s", n, got)
	}
	o.must("run", "--pty", "-d", "--name", "other", "--", "sh", "-c", "echo it is there; exec cat")
	o.must("wait", "other", "--text", "it is there")
	p.fresh("$S run --pty -- $S attach other")
	p.shows("it is there") // what is typed sooner is for another terminal
	p.types("x\r")
	p.shows("x\nx")
	p.keys("C-d")
	p.prompted()
}

// Whose worker is started anew while they are attached sees the new life.
func TestStoryRestart(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	p := o.main
	o.script("lives", `echo "life $SLUICE_ATTEMPT begins"; while read -r l; do echo "<$l>"; [ "$l" = die ] && exit 1; [ "$l" = end ] && exit 0; done`)
	o.must("run", "--pty", "-d", "--restarts", "1", "--restart-backoff", "10ms", "--", "./lives")
	p.fresh("$S attach lives")
	p.shows("life 0 begins")
	p.types("die\r")
	p.shows("life 1 begins")
	p.types("end\r")
	p.shows("<end>")
	p.prompted()
	if st := p.status(); st != "0" {
		t.Errorf("status %s of attach", st)
	}
	p.line("$S run --pty --restarts 1 --restart-backoff 10ms -- ./lives")
	p.shows("life 0 begins")
	p.types("die\r")
	p.shows("life 1 begins")
	p.types("die\r")
	p.prompted()
	if st := p.status(); st != "1" {
		t.Errorf("status %s of run", st)
	}
	if got := p.modes(); got != sane {
		t.Errorf("the terminal is left with %s", got)
	}
}

// Several workers, each with a terminal.
func TestStoryGang(t *testing.T) {
	t.Parallel()
	o := newOuter(newWorld(t))
	o.script("many", `echo "rank $SLUICE_RANK on $(tty)"; while read -r l; do echo "<$l>"; [ "$l" = end ] && exit "$SLUICE_RANK"; done`)
	o.must("run", "--pty", "-n", "3", "-d", "--name", "g", "--on-failure", "continue", "--", "./many")
	for _, rank := range []string{"0", "1", "2"} {
		o.waitText("g/"+rank, "rank "+rank+" on /dev/pts/")
	}
	o.must("type", "g/1", "only one", "--enter")
	o.waitText("g/1", "<only one>")
	o.must("type", "g/all", "all", "--enter")
	ptys := map[string]bool{}
	for _, rank := range []string{"0", "1", "2"} {
		o.waitText("g/"+rank, "<all>")
		got := o.must("screen", "g/"+rank)
		if strings.Contains(got, "only one") != (rank == "1") {
			t.Errorf("rank %s:\n%s", rank, got)
		}
		first, _, _ := strings.Cut(got, "\n")
		ptys[strings.TrimPrefix(first, "rank "+rank+" on ")] = true
	}
	if len(ptys) != 3 {
		t.Errorf("the terminals are %v", ptys)
	}
	p := o.main
	p.fresh("$S attach g/2")
	p.shows("<all>")
	p.types("end\r")
	p.prompted()
	if st := p.status(); st != "2" {
		t.Errorf("status %s of attach to rank 2", st)
	}
	o.must("type", "g/0-1", "end", "--enter")
	if st := o.waitEnded("g"); st != 2 && st != 1 {
		t.Errorf("the run's status: %d", st)
	}
}
