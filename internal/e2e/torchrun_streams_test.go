//go:build linux

package e2e

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// logsOf lists the logs in a directory of runs that holds one, by their path
// below the attempt, and what they hold.
func logsOf(t *testing.T, logDir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	runs, err := filepath.Glob(filepath.Join(logDir, "*", "attempt_0"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%s: %v, %v instead of one run", logDir, runs, err)
	}
	err = filepath.WalkDir(runs[0], func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(runs[0], path)
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Checklist 37-41, 43, 51, 52: which stream of which of three ranks is where. A
// stream is in its log or not (l), and on the console with a prefix (p), without
// one (c), or not at all; stdout and then stderr.
func TestTorchrunStreams(t *testing.T) {
	thorough(t)
	t.Parallel()
	for _, tt := range []struct {
		flags string
		want  [3]string
	}{
		{"-r 0", [3]string{"c c", "c c", "c c"}},
		{"-r 3", [3]string{"l l", "l l", "l l"}},
		{"-r1", [3]string{"l c", "l c", "l c"}},
		{"--redirect=2", [3]string{"c l", "c l", "c l"}},
		{"-t 3", [3]string{"lp lp", "lp lp", "lp lp"}},
		{"-t1", [3]string{"lp c", "lp c", "lp c"}},
		{"-t 2 -r 1", [3]string{"l lp", "l lp", "l lp"}},
		{"-t 0:1,1:2 -r 0:2", [3]string{"lp l", "c lp", "c c"}},
		{"-r 1:3", [3]string{"c c", "l l", "c c"}},
		{"-t 1:3,1:1", [3]string{"c c", "lp c", "c c"}},
		{"-t 3 -r 3", [3]string{"lp lp", "lp lp", "lp lp"}},
		{"-t 9:3", [3]string{"c c", "c c", "c c"}},
		{"-t 3 --local-ranks-filter 0,2", [3]string{"lp lp", "l l", "lp lp"}},
		{"-t 1 --local_ranks_filter 1", [3]string{"l ", "lp c", "l "}}, // the rest of the others is lost
		{"-r 1 --local-ranks-filter 1", [3]string{"l ", "l c", "l "}},
		{"-t 3 --ranks-filter %2", [3]string{"lp lp", "l l", "lp lp"}},
		// Without a word about streams they are in the logs all the same.
		{"", [3]string{"lc lc", "lc lc", "lc lc"}},
		{"--local-ranks-filter 1", [3]string{"l l", "lc lc", "l l"}},
	} {
		w := newTorchWorld(t)
		logs := w.path("deep/logs") // it is made
		r := w.torchrunSh(`echo "o$RANK."; echo "e$RANK." >&2`, append(strings.Fields(tt.flags), "--nproc-per-node", "3", "--log-dir", logs)...)
		if r.status != 0 {
			t.Fatalf("%s: %+v", tt.flags, r)
		}
		all := logsOf(t, logs)
		for rank := range 3 {
			got := ""
			for _, s := range []struct{ name, console, letter string }{{"stdout", r.stdout, "o"}, {"stderr", r.stderr, "e"}} {
				line := fmt.Sprintf("%s%d.\n", s.letter, rank)
				file := fmt.Sprintf("%d/%s.log", rank, s.name)
				if text, ok := all[file]; ok {
					got += "l"
					if text != line {
						t.Errorf("%s: %s holds %q", tt.flags, file, text)
					}
					delete(all, file)
				}
				text := "\n" + s.console
				switch {
				case strings.Contains(text, fmt.Sprintf("\n[default%d]:%s", rank, line)):
					got += "p"
				case strings.Contains(text, "\n"+line):
					got += "c"
				case strings.Contains(text, line):
					got += "?"
				}
				got += " "
			}
			if got = strings.TrimSuffix(got, " "); got != tt.want[rank] {
				t.Errorf("%s: rank %d: %q instead of %q", tt.flags, rank, got, tt.want[rank])
			}
		}
		if len(all) > 0 {
			t.Errorf("%s: there are also %v", tt.flags, all)
		}
	}
}

// Checklist 43, 44.
func TestTorchrunPrefixes(t *testing.T) {
	t.Parallel()
	const variable = "TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE="
	for _, tt := range []struct{ env, flags, want string }{
		{"", "--tee 1", "[default0]:hi\n[default1]:hi\n"},
		{"", "-t1 --role actor", "[actor0]:hi\n[actor1]:hi\n"},
		{variable + "[rank${rank}]: ", "-t 3", "[rank0]: hi\n[rank1]: hi\n"},
		{variable + "[${role_name}-${local_rank}:${rank}]:", "--role r --tee 1", "[r-0:0]:hi\n[r-1:1]:hi\n"},
		{variable + "$rank ${other} {rank} $$>", "--tee 1", "0 ${other} {rank} $>hi\n1 ${other} {rank} $>hi\n"},
		{variable + "x${rank}:", "-t1 --log-line-prefix-template=y${local_rank}:", "y0:hi\ny1:hi\n"},
		{variable + "x${rank}:", "", "x0:hi\nx1:hi\n"},
		{"", "--tee 1 --prefix {role}/{rank}|", "default/0|hi\ndefault/1|hi\n"},
		{"", "", "hi\nhi\n"},
	} {
		w := newTorchWorld(t)
		if tt.env != "" {
			w.env = append(w.env, tt.env)
		}
		r := w.torchrunSh("echo hi", append(strings.Fields(tt.flags), "--nproc-per-node", "2")...)
		if r.status != 0 || sortedLines(r.stdout) != tt.want {
			t.Errorf("%s %s: %+v instead of %q", tt.env, tt.flags, r, tt.want)
		}
		for rank := range 2 {
			if got := w.log(rank, "stdout"); got != "hi\n" {
				t.Errorf("%s %s: the log of rank %d holds %q", tt.env, tt.flags, rank, got)
			}
		}
	}
}

// Checklist 45, 48: the console is a file, which gets every line of every rank
// once and in order, although seq writes in blocks that end within lines.
func TestTorchrunManyWriters(t *testing.T) {
	t.Parallel()
	const writers, lines = 32, 1000
	w := newTorchWorld(t)
	f, err := os.Create(w.path("console"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := w.runWith(func(c *exec.Cmd) { c.Stdout = f }, "torchrun", "--nproc-per-node", fmt.Sprint(writers), "-t3", "--no-python",
		"sh", "-c", "seq -f \"$RANK line %.0f\" 1000 & seq -f \"$RANK line %.0f\" 1000 >&2; wait")
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	out, err := os.ReadFile(w.path("console"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"stdout": string(out), "stderr": r.stderr} {
		next := [writers]int{}
		for line := range strings.Lines(text) {
			var local, rank, n int
			if k, err := fmt.Sscanf(line, "[default%d]:%d line %d\n", &local, &rank, &n); k != 3 || err != nil || rank < 0 || rank >= writers ||
				line != fmt.Sprintf("[default%d]:%d line %d\n", rank, rank, n) {
				t.Fatalf("%s: a line that nobody wrote: %q", name, line)
			}
			if next[rank]++; n != next[rank] {
				t.Fatalf("%s: rank %d: line %d where %d was to come", name, rank, n, next[rank])
			}
		}
		for rank, n := range next {
			if n != lines {
				t.Errorf("%s: %d lines of rank %d", name, n, rank)
			}
		}
	}
}

// Checklist 10, 47, 49, 53.
func TestTorchrunDuplicateFilters(t *testing.T) {
	t.Parallel()
	const script = `echo "step $RANK"; echo "loss 1,5 of $RANK"; echo "nothing"; printf "loss and step at the end of $RANK"
		echo "warning of $RANK" >&2; echo "quiet" >&2; exit $((1 - $TORCHELASTIC_RESTART_COUNT))`
	w := newTorchWorld(t)
	r := w.torchrunSh(script, "--nproc-per-node", "3", "--tee", "3", "--local-ranks-filter", "0,2", "--max-restarts", "1", "--log-dir", w.path("logs"),
		"--duplicate-stdout-filters", "step,loss 1,,5", "--duplicate_stderr_filters=warn")
	if r.status != 0 || !strings.Contains(r.stdout, "[default0]:nothing\n") {
		t.Errorf("%+v", r)
	}
	read := func(name string) string {
		found, _ := filepath.Glob(w.path("logs/*/" + name))
		if len(found) != 1 {
			t.Fatalf("%s: %v", name, found)
		}
		b, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return sortedLines(string(b))
	}
	// The gang of the first attempt may be stopped before all have written;
	// that of the last has written all.
	var out, err strings.Builder
	for _, rank := range []int{0, 2} {
		fmt.Fprintf(&out, "[default%d]:loss 1,5 of %d\n[default%d]:loss and step at the end of %d\n[default%d]:step %d\n", rank, rank, rank, rank, rank, rank)
		fmt.Fprintf(&err, "[default%d]:warning of %d\n", rank, rank)
	}
	if got := read("attempt_1/filtered_stdout.log"); got != out.String() {
		t.Errorf("stdout: %q", got)
	}
	if got := read("attempt_1/filtered_stderr.log"); got != err.String() {
		t.Errorf("stderr: %q", got)
	}
	for line := range strings.Lines(read("attempt_0/filtered_stdout.log")) {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the first attempt: %q", line)
		}
	}
	// A stream that is not tee'd has nobody who reads it.
	w = newTorchWorld(t)
	if r := w.torchrunSh(`echo step`, "-r", "1", "--log-dir", w.path("logs"), "--duplicate-stdout-filters", "step"); r.status != 0 {
		t.Errorf("%+v", r)
	}
	if all := logsOf(t, w.path("logs")); all["0/stdout.log"] != "step\n" || all["filtered_stdout.log"] != "" {
		t.Errorf("redirected: %q", all)
	}
}

// Checklist 54: with /dev/null nothing else that was said about streams counts.
func TestTorchrunWithoutLogs(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t)
	r := w.torchrunSh(`echo "out [$TORCHELASTIC_ERROR_FILE] ${TORCHELASTIC_ERROR_FILE+set}"; echo err >&2`,
		"--nproc-per-node", "2", "--log-dir", "/dev/null", "-t3", "-r", "0:3", "--local-ranks-filter", "1", "--duplicate-stdout-filters", "out")
	if r.status != 0 || r.stdout != "out [] set\nout [] set\n" || r.stderr != "err\nerr\n" {
		t.Errorf("%+v", r)
	}
	rec := w.ps()[0]
	logs, err := filepath.Glob(filepath.Join(rec.Dir, "attempt_*", "*", "*"))
	dup, _ := filepath.Glob(filepath.Join(rec.Dir, "attempt_*", "*.log"))
	if err != nil || len(logs)+len(dup) > 0 {
		t.Errorf("there are %v and %v, %v", logs, dup, err)
	}
	if fi, err := os.Stat("/dev/null"); err != nil || fi.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("/dev/null is %v, %v", fi, err)
	}
	// What is left to explain a failure is what the kernel says.
	w.torchrunSh(`exit 9`, "--log-dir", "/dev/null").says(t, 1, "it exited with code 9")
}

// Checklist 55.
func TestTorchrunRedirectsWhatIsBelowTheLanguage(t *testing.T) {
	t.Parallel()
	w := newTorchWorld(t, "PYTHON_EXEC="+testpeer.Need(t, "/usr/bin/python3", "python3"))
	r := w.torchrun("-r", "3", testdata(t, "torchrun_layers.py"))
	if r.status != 0 || r.stdout+r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if got := w.log(0, "stdout"); got != "from C\nfrom the system call\nfrom a child\nfrom Python\n" {
		t.Errorf("stdout: %q", got)
	}
	if got := w.log(0, "stderr"); got != "from a child\nfrom Python\n" {
		t.Errorf("stderr: %q", got)
	}
}

// Workers share torchrun's stdin, whatever it is: what is there goes to whoever
// reads first.
func TestTorchrunStdinIsShared(t *testing.T) {
	t.Parallel()
	const script = `readlink /proc/self/fd/0; [ $RANK = 1 ] && { read x; echo "$x"; }; exit 0`
	w := newTorchWorld(t)
	in, err := os.Open(writeFile(t, w.path("input"), "one\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r := w.runWith(func(c *exec.Cmd) { c.Stdin = in }, "torchrun", "--nproc-per-node", "3", "--no-python", "sh", "-c", script)
	if name := in.Name() + "\n"; r.status != 0 || sortedLines(r.stdout) != name+name+name+"one\n" {
		t.Errorf("a file: %+v", r)
	}
	r = w.runWith(piped([]byte("one\n")), "torchrun", "--nproc-per-node", "3", "--no-python", "sh", "-c", script)
	if pipe := regexp.MustCompile(`pipe:\[\d+\]\n`).FindString(r.stdout); r.status != 0 || pipe == "" || sortedLines(r.stdout) != "one\n"+pipe+pipe+pipe {
		t.Errorf("a pipe: %+v", r)
	}

	// A terminal gives a line to whoever asks for as much; read asks for a byte.
	s := newScreen(t)
	p := w.startWith(s.use, "torchrun", "--nproc-per-node", "2", "-t", "1", "--no-python", "sh", "-c", `echo ready; x=$(head -n 1); echo "$RANK got $x"`)
	eventually(t, "both are ready", func() bool { return strings.Count(s.String(), "ready") == 2 })
	io.WriteString(s.master, "first\n")
	eventually(t, "one has read", func() bool { return strings.Contains(s.String(), " got first\r\n") })
	io.WriteString(s.master, "second\n")
	if st := p.end(); st != 0 {
		t.Errorf("exit status %d: %q", st, s)
	}
	eventually(t, "the other has read", func() bool { return strings.Contains(s.String(), " got second\r\n") })
}

// A terminal is left to the workers where nothing was said about streams: what
// they write is raw, and no log. Each stream is judged by itself.
func TestTorchrunOnATerminal(t *testing.T) {
	t.Parallel()
	const script = `for fd in 1 2; do [ -t $fd ] && tty <&$fd >$RANK.$fd; done; printf "out\a $RANK\n"; echo "err $RANK" >&2`
	for _, tt := range []struct {
		flags    string
		out, err bool // the screen's
		raw      string
	}{
		{"", true, true, "oe"},
		{"", true, false, "o"},
		{"", false, true, "e"},
		{"", false, false, ""},
		{"-t 1", true, true, "e"},
		{"-r 2", true, true, "o"},
		{"--log-dir /dev/null -t 3", true, true, "oe"},
	} {
		w := newTorchWorld(t)
		s := newScreen(t)
		var out, err lockedBuffer
		r := w.runWith(func(c *exec.Cmd) {
			s.use(c)
			if !tt.out {
				c.Stdout = &out
			}
			if !tt.err {
				c.Stderr = &err
			}
		}, append(append([]string{"torchrun", "--nproc-per-node", "2"}, strings.Fields(tt.flags)...), "--no-python", "sh", "-c", script)...)
		if r.status != 0 {
			t.Fatalf("%+v: status %d", tt, r.status)
		}
		for rank := range 2 {
			for _, st := range []struct {
				fd           int
				letter, text string
				onScreen     bool
				pipe         *lockedBuffer
				name         string
			}{{1, "o", fmt.Sprintf("out\a %d", rank), tt.out, &out, "stdout"}, {2, "e", fmt.Sprintf("err %d", rank), tt.err, &err, "stderr"}} {
				raw := strings.Contains(tt.raw, st.letter)
				seen, e := os.ReadFile(w.path(strconv.Itoa(rank) + "." + strconv.Itoa(st.fd)))
				if raw != (e == nil) || raw && string(seen) != s.tty.Name()+"\n" {
					t.Errorf("%+v: rank %d was given: %q, %v", tt, rank, seen, e)
				}
				b, e := os.ReadFile(filepath.Join(w.ps()[0].Dir, "attempt_0", strconv.Itoa(rank), st.name+".log"))
				if raw != errors.Is(e, fs.ErrNotExist) || !raw && string(b) != st.text+"\n" {
					t.Errorf("%+v: rank %d: %s.log holds %q, %v", tt, rank, st.name, b, e)
				}
				if tt.flags == "-r 2" && st.fd == 2 {
					continue // in its file alone
				}
				if !st.onScreen {
					if !strings.Contains("\n"+st.pipe.String(), "\n"+st.text+"\n") {
						t.Errorf("%+v: rank %d's %s came to the pipe as %q", tt, rank, st.name, st.pipe)
					}
					continue
				}
				eventually(t, "the text is on the screen", func() bool { return strings.Contains(s.String(), st.text+"\r\n") })
				if tt.flags == "-t 1" && st.fd == 1 {
					continue // with a prefix, and colours
				}
				if !strings.Contains("\n"+s.String(), "\n"+st.text+"\r\n") {
					t.Errorf("%+v: rank %d's %s came to the screen as %q", tt, rank, st.name, s.String())
				}
			}
		}
	}
}

// Checklist 44, 51: on a node that is not the first, a local rank is another
// number than the rank; logs and filters go by the one, --ranks-filter by the other.
func TestTorchrunStreamsOfTheSecondNode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flags, want string }{
		{"-t1", "[default0]:2\n[default1]:3\n"},
		{"-t1 --log-line-prefix-template ${local_rank}/${rank}:", "0/2:2\n1/3:3\n"},
		{"-t1 --local-ranks-filter 1", "[default1]:3\n"},
		{"-t1 --ranks-filter 1-2", "[default0]:2\n"},
		{"-t 0:1", "3\n[default0]:2\n"},
	} {
		port := unusedPort(t)
		meet := []string{"torchrun", "--nnodes", "2", "--nproc-per-node", "2", "--master-port", port}
		first := newTorchWorld(t).start(append(meet, "--node-rank", "0", "-r", "3", "--no-python", "true")...)
		w := newTorchWorld(t)
		logs := w.path("logs")
		args := append(append(meet, "--node-rank", "1", "--log-dir", logs), strings.Fields(tt.flags)...)
		r := w.run(append(args, "--no-python", "sh", "-c", "echo $RANK")...)
		if r.status != 0 || sortedLines(r.stdout) != tt.want {
			t.Errorf("%s: %+v instead of %q", tt.flags, r, tt.want)
		}
		all := logsOf(t, logs)
		if all["0/stdout.log"] != "2\n" || tt.flags != "-t 0:1" && all["1/stdout.log"] != "3\n" {
			t.Errorf("%s: logs %q", tt.flags, all)
		}
		if st := first.end(); st != 0 {
			t.Errorf("%s: the first node: %d, %s", tt.flags, st, first.err)
		}
	}
}
