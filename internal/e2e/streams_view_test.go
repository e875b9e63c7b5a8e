//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/job"
)

// TestStreamSpecs: where the streams of twelve ranks go. Every rank writes one
// line to each; want has what is shown of a rank, and files which logs there are.
func TestStreamSpecs(t *testing.T) {
	thorough(t)
	t.Parallel()
	none := func(int) string { return "" }
	all := func(int) string { return "oe" }
	for _, tt := range []struct {
		flags       string
		shown, logs func(rank int) string
	}{
		{"", all, all},
		{"--redirect all", none, all},
		{"--redirect 3", none, all},
		{"--redirect out", func(int) string { return "e" }, all},
		{"--redirect 2", func(int) string { return "o" }, all},
		{"--redirect 0:1,1:3", func(r int) string { return []string{"e", "", "oe"}[min(r, 2)] }, all},
		{"--redirect 0:all,10-11:err", func(r int) string {
			switch {
			case r == 0:
				return ""
			case r >= 10:
				return "o"
			}
			return "oe"
		}, all},
		{"--redirect none", all, all},
		// Streams that are neither redirected nor tee'd are inherited.
		{"--tee 10:all", func(r int) string { return map[bool]string{true: "oe", false: "OE"}[r == 10] },
			func(r int) string { return map[bool]string{true: "oe"}[r == 10] }},
		{"--tee none", func(int) string { return "OE" }, none},
		{"--tee 0,%4+2:out --redirect all", func(r int) string { return map[bool]string{true: "o"}[r == 0 || r%4 == 2] }, all},
		{"--console 1,10", func(r int) string { return map[bool]string{true: "oe"}[r == 1 || r == 10] }, all},
		{"--console %8+1 --redirect 9:err", func(r int) string { return map[int]string{1: "oe", 9: "o"}[r] }, all},
		{"--console none", none, all},
	} {
		t.Run(tt.flags, func(t *testing.T) {
			w := newWorld(t)
			r := w.run(append(append([]string{"run", "-n", "12"}, strings.Fields(tt.flags)...),
				"--", "sh", "-c", `echo "o$RANK."; echo "e$RANK." >&2`)...)
			if r.status != 0 {
				t.Fatalf("status %d: %s", r.status, r.stderr)
			}
			dir := w.ps()[0].Dir
			for rank := range 12 {
				var shown, logs string
				for _, s := range []struct{ letter, text, name string }{{"o", r.stdout, "stdout"}, {"e", r.stderr, "stderr"}} {
					line := fmt.Sprintf("%s%d.\n", s.letter, rank)
					switch {
					case strings.Contains(s.text, fmt.Sprintf("[%2d] %s", rank, line)):
						shown += s.letter
					case strings.Contains(s.text, line):
						shown += strings.ToUpper(s.letter)
					}
					b, err := os.ReadFile(filepath.Join(dir, "attempt_0", strconv.Itoa(rank), s.name+".log"))
					if string(b) == line {
						logs += s.letter
					} else if !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("rank %d, %s: the log has %q, %v", rank, s.name, b, err)
					}
				}
				if want := tt.shown(rank); shown != want {
					t.Errorf("rank %d: shown %q instead of %q", rank, shown, want)
				}
				if want := tt.logs(rank); logs != want {
					t.Errorf("rank %d: logs of %q instead of %q", rank, logs, want)
				}
			}
		})
	}
}

func TestConsoleChangesWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "-n", "3", "--console", "0", "--name", "live", "--", "sh", "-c", "while :; do echo tick; sleep 0.02; done")
	// only waits until nothing but the given ranks is shown any more, and all of them are.
	only := func(ranks ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("ranks %v are shown and no others", ranks), func() bool {
			from := len(s.out.String())
			seen := map[string]bool{}
			eventually(t, "more output", func() bool {
				text := s.out.String()[from:]
				if i := strings.IndexByte(text, '\n'); i >= 0 {
					text = text[i+1:] // it may be the end of a line
				}
				for line := range strings.Lines(text) {
					if strings.HasSuffix(line, "\n") {
						seen[line] = true
					}
				}
				return strings.Count(text, "\n") > 8
			})
			if len(seen) != len(ranks) {
				return false
			}
			for _, r := range ranks {
				if !seen["["+r+"] tick\n"] {
					return false
				}
			}
			return true
		})
	}
	set := func(ranks string) {
		t.Helper()
		if r := w.run("console", "live", ranks); r.status != 0 || r.stdout != "" {
			t.Fatalf("sluice console: %+v", r)
		}
	}
	only("0")
	set("1-2")
	only("1", "2")
	set("all")
	only("0", "1", "2")
	set("none")
	eventually(t, "silence", func() bool {
		n := len(s.out.String())
		before := len(w.log(0, "stdout"))
		eventually(t, "the worker writes on", func() bool { return len(w.log(0, "stdout")) > before+50 })
		return len(s.out.String()) == n
	})
	set("%2")
	only("0", "2")
	for ranks, says := range map[string]string{"7": "the gang has ranks 0 to 2", "1-": "rank set"} {
		if r := w.run("console", "live", ranks); r.status != 2 || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice console live %s: %+v", ranks, r)
		}
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	host, _ := os.Hostname()
	for _, tt := range []struct {
		flags []string
		want  string // of rank 1's stdout
	}{
		{[]string{"--prefix", "{role}:{rank:3}/{local_rank} {stream} {attempt}> ", "--role", "actor"}, `actor:  1/1 stdout 0> hi`},
		{[]string{"--prefix", "{host}: "}, regexp.QuoteMeta(host) + `: hi`},
		{[]string{"--prefix", "{time} "}, `\d\d:\d\d:\d\d\.\d{3} hi`},
		{[]string{"--prefix", ""}, `hi`},
		{[]string{"--timestamps"}, `\d\d:\d\d:\d\d\.\d{3} \[1\] hi`},
	} {
		t.Run(strings.Join(tt.flags, " "), func(t *testing.T) {
			w := newWorld(t)
			r := w.run(append(append([]string{"run", "-n", "2", "--console", "1"}, tt.flags...), "--", "echo", "hi")...)
			if !regexp.MustCompile(`^`+tt.want+"\n$").MatchString(r.stdout) || r.status != 0 {
				t.Errorf("%q instead of %q; %s", r.stdout, tt.want, r.stderr)
			}
			if got := w.log(1, "stdout"); got != "hi\n" {
				t.Errorf("the log has %q", got)
			}
		})
	}
	w := newWorld(t)
	if r := w.run("run", "--prefix", "{rank}: ", "--", "echo", "one worker"); r.stdout != "0: one worker\n" {
		t.Errorf("a prefix for a single worker: %q", r.stdout)
	}
	if r := w.run("run", "-n", "2", "--prefix", "{rnk}", "--", "true"); r.status != 2 || !strings.Contains(r.stderr, "rank") {
		t.Errorf("a bad template: %+v", r)
	}
}

func TestColours(t *testing.T) {
	thorough(t)
	t.Parallel()
	const script = `echo out; echo err >&2`
	var colour = regexp.MustCompile(`\x1b\[(1;)?38;5;\d+m\[[01]\] \x1b\[0m(out|err)`)
	run := func(env ...string) (out, err string) {
		w := newWorld(t)
		w.env = append(slices.DeleteFunc(w.env, func(kv string) bool {
			return strings.HasPrefix(kv, "TERM=") || strings.HasPrefix(kv, "NO_COLOR=")
		}), "TERM=xterm-256color")
		w.env = append(w.env, env...)
		s := newScreen(t)
		var file bytes.Buffer
		onTTY := !slices.Contains(env, "PIPE=1")
		r := w.runWith(func(c *exec.Cmd) {
			if onTTY {
				s.use(c)
				c.Stderr = &file
			}
		}, "run", "-n", "2", "--", "sh", "-c", script)
		if r.status != 0 {
			t.Errorf("%v: status %d", env, r.status)
		}
		if !onTTY {
			return r.stdout, r.stderr
		}
		eventually(t, "both lines are on the screen", func() bool { return strings.Count(s.String(), "out") == 2 })
		return s.String(), file.String()
	}
	out, err := run()
	if len(colour.FindAllString(out, -1)) != 2 {
		t.Errorf("no colours on a terminal: %q", out)
	}
	if strings.Contains(err, "\x1b") {
		t.Errorf("colours in a file: %q", err)
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb", "CLICOLOR=0", "FORCE_COLOR=0"} {
		if out, _ := run(env); strings.Contains(out, "\x1b") {
			t.Errorf("%s: %q", env, out)
		}
	}
	if out, err := run("PIPE=1"); strings.Contains(out+err, "\x1b") {
		t.Errorf("colours in a pipe: %q %q", out, err)
	}
	if out, err := run("PIPE=1", "FORCE_COLOR=1"); len(colour.FindAllString(out+err, -1)) != 4 {
		t.Errorf("FORCE_COLOR: %q %q", out, err)
	}
}

// TestProgressIsLiveOnATerminal: bars of several ranks in an area of their own,
// below the lines, that is gone at the end.
func TestProgressIsLiveOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newScreen(t)
	p := w.startWith(s.use, "run", "-n", "2", "--", "sh", "-c",
		`printf '\rat 10%%'; printf '\rat 50%%'; until [ -e go ]; do sleep 0.02; done; printf '\rat 100%%\n'`)
	eventually(t, "both bars are on the screen before their lines end", func() bool {
		text := s.String()
		return strings.Contains(text, "[0] ") && strings.Contains(text, "[1] ") && strings.Count(text, "at 50%") >= 2
	})
	if err := os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if st := p.end(); st != 0 {
		t.Errorf("exit status %d", st)
	}
	eventually(t, "the ends of both lines", func() bool { return strings.Count(s.String(), "at 100%") >= 2 })
	// After the area was last erased, the lines stand there for good.
	last := s.String()[strings.LastIndex(s.String(), "\x1b[J")+3:]
	if !strings.Contains(last, "at 100%") || strings.Contains(last, "at 50%") {
		t.Errorf("the screen ends with %q", last)
	}
}

func TestDedup(t *testing.T) {
	thorough(t)
	t.Parallel()
	w := newWorld(t)
	// All ranks begin at once, when their input comes.
	r := w.runWith(func(c *exec.Cmd) { c.Stdin = strings.NewReader("go\n") },
		"run", "-n", "16", "--stdin", "all", "--dedup", "--", "sh", "-c",
		`read go; echo "loading the model"; echo "rank $RANK took 0.$RANK s"; echo "$RANK"`)
	if r.status != 0 {
		t.Fatalf("status %d: %s", r.status, r.stderr)
	}
	heads := map[string]job.RankSet{}
	lines := map[string]int{}
	for line := range strings.Lines(r.stdout) {
		head, text, ok := strings.Cut(strings.TrimPrefix(line, "["), "] ")
		ranks, err := job.ParseRankSet(strings.TrimSpace(head))
		if !ok || err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kind := regexp.MustCompile(`[\d.]+|~`).ReplaceAllString(strings.TrimSpace(text), "")
		for r := range 16 {
			if ranks.Contains(r) {
				if heads[kind].Contains(r) {
					t.Errorf("rank %d twice for %q", r, kind)
				}
			}
		}
		var members []string
		for r := range 16 {
			if ranks.Contains(r) || heads[kind].Contains(r) {
				members = append(members, strconv.Itoa(r))
			}
		}
		if heads[kind], err = job.ParseRankSet(strings.Join(members, ",")); err != nil {
			t.Fatal(err)
		}
		lines[kind]++
		if kind == "" && strings.ContainsAny(head, ",-") {
			t.Errorf("lines of numbers were put together: %q", line)
		}
	}
	for _, kind := range []string{"loading the model", "rank  took  s", ""} {
		for r := range 16 {
			if !heads[kind].Contains(r) {
				t.Errorf("%q: rank %d is missing", kind, r)
			}
		}
	}
	// How many come within the window depends on the machine's load.
	if lines["loading the model"] >= 16 || lines["rank  took  s"] >= 16 || lines[""] != 16 {
		t.Errorf("%v:\n%s", lines, r.stdout)
	}
	for rank := range 16 {
		if got, want := w.log(rank, "stdout"), fmt.Sprintf("loading the model\nrank %[1]d took 0.%[1]d s\n%[1]d\n", rank); got != want {
			t.Errorf("rank %d: the log has %q", rank, got)
		}
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "--quiet", "-n", "2", "--", "sh", "-c", `[ $RANK = 1 ] && exec sleep 60; echo mine; echo own >&2; exit 9`)
	if r.status != 9 || r.stdout != "[0] mine\n" || r.stderr != "[0] own\n" {
		t.Errorf("got %+v", r)
	}
	if r := w.run("run", "-q", "--", "no-such-command"); r.status != 127 || !strings.Contains(r.stderr, "no-such-command") {
		t.Errorf("errors of sluice itself are shown: %+v", r)
	}
}

// TestReportOfAWorkerThatSaysItOnStdout names the stream that it quotes.
func TestReportOfAWorkerThatSaysItOnStdout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "--", "sh", "-c", "echo no such file; exit 3")
	if !strings.Contains(r.stderr, "wrote nothing to stderr; the end of its stdout:\n    | no such file\n") || !strings.Contains(r.stderr, "--stream out") {
		t.Errorf("the report:\n%s", r.stderr)
	}
}
