//go:build linux

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() {
	workers["halves"] = func() {
		for i := range 5 {
			fmt.Printf("rank %s line %d begins", os.Getenv("RANK"), i)
			time.Sleep(20 * time.Millisecond) // the point: the other rank writes meanwhile
			fmt.Printf(" and ends\n")
		}
	}
	workers["longlines"] = func() {
		line := bytes.Repeat([]byte(os.Getenv("RANK")), 1<<20)
		line = append(line, '\n')
		for range 2 {
			os.Stdout.Write(line)
		}
	}
	workers["flood"] = func() { // flood N: numbered lines of 100 bytes, N of them
		n, _ := strconv.Atoi(os.Args[1])
		text := floodLog(n)
		for len(text) > 0 {
			k := min(len(text), 32<<10)
			os.Stdout.WriteString(text[:k])
			text = text[k:]
		}
	}
}

// floodLog is what the worker "flood" writes.
func floodLog(n int) string {
	line := []byte(strings.Repeat("0", 10) + strings.Repeat(" and more", 9) + "     end\n")
	b := make([]byte, 0, n*len(line))
	for range n {
		b = append(b, line...)
		for d := 9; d >= 0; d-- { // count up in decimal, which is faster than to print
			if line[d]++; line[d] <= '9' {
				break
			}
			line[d] = '0'
		}
	}
	return string(b)
}

// perRank takes a merged console apart; a line without a "[RANK] " fails.
func perRank(t *testing.T, console string) map[string]string {
	t.Helper()
	parts := map[string]*strings.Builder{}
	for line := range strings.Lines(console) {
		head, text, ok := strings.Cut(line, "] ")
		rank, bracket := strings.CutPrefix(head, "[")
		rank = strings.TrimLeft(rank, " ")
		if _, err := strconv.Atoi(rank); err != nil || !ok || !bracket {
			t.Fatalf("a line without a rank: %q", clip(line))
		}
		if parts[rank] == nil {
			parts[rank] = new(strings.Builder)
		}
		parts[rank].WriteString(text)
	}
	out := map[string]string{}
	for rank, b := range parts {
		out[rank] = b.String()
	}
	return out
}

func TestLastLineWithoutNewlineIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--", "sh", "-c", `echo first; printf "last of $RANK"`)
	for rank, text := range perRank(t, r.stdout) {
		if text != "first\nlast of "+rank+"\n" {
			t.Errorf("rank %s: %q", rank, text)
		}
	}
	if got := w.log(1, "stdout"); got != "first\nlast of 1" {
		t.Errorf("the log has %q", got)
	}
}

func TestBytesAreExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--", "printf", `\000\377\376\303\050 \033[31mred\n`)
	const want = "\x00\xff\xfe\xc3\x28 \x1b[31mred\n"
	got := perRank(t, r.stdout)
	if got["0"] != want || got["1"] != want {
		t.Errorf("console: %q", r.stdout)
	}
	if got := w.log(0, "stdout"); got != want {
		t.Errorf("log: %q", got)
	}
}

func TestLinesWrittenInHalvesStayWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run(append([]string{"run", "-n", "2", "--"}, w.worker("halves")...)...)
	whole := regexp.MustCompile(`^\[(\d)\] rank (\d) line \d begins and ends$`)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if len(lines) != 10 {
		t.Errorf("%d lines instead of 10", len(lines))
	}
	for _, l := range lines {
		if m := whole.FindStringSubmatch(l); m == nil || m[1] != m[2] {
			t.Errorf("not whole: %q", l)
		}
	}
}

func TestLongLinesStayWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run(append([]string{"run", "-n", "3", "--"}, w.worker("longlines")...)...)
	got := perRank(t, r.stdout)
	for _, rank := range []string{"0", "1", "2"} {
		line := strings.Repeat(rank, 1<<20) + "\n"
		if got[rank] != line+line {
			t.Errorf("rank %s: %d bytes: %q", rank, len(got[rank]), clip(got[rank]))
		}
	}
}

// unread starts sluice with a stdout that nobody reads, until the caller does.
func (w *world) unread(args ...string) (*started, *os.File) {
	w.t.Helper()
	r, end, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.startWith(func(c *exec.Cmd) { c.Stdout = end }, args...)
	end.Close()
	w.t.Cleanup(func() { r.Close() })
	return s, r
}

// TestConsoleThatNobodyReads is the row of the bake-off that every pipe-mode
// peer fails: the logs are the buffer, so no worker waits and no memory grows,
// and whoever reads at last gets every line.
func TestConsoleThatNobodyReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := 200_000 // 20 MB for each of two ranks
	if !testpeer.Strict() {
		lines = 50_000
	}
	s, out := w.unread(append(append([]string{"run", "-n", "2", "--console-linger", "forever", "--"},
		w.worker("flood")...), strconv.Itoa(lines))...)
	var rec record
	eventually(t, "both workers have ended although nobody reads", func() bool {
		recs := w.ps()
		if len(recs) == 0 || len(recs[0].Workers) != 2 {
			return false
		}
		rec = recs[0]
		return rec.Workers[0].Kind == "exited" && rec.Workers[1].Kind == "exited"
	})
	if rec.State == "ended" || rec.Agent == nil {
		t.Fatalf("the run did not wait for its console: %+v", rec)
	}
	if peak := procStatus(t, rec.Agent.Pid, "VmHWM"); peak > 60<<10 {
		t.Errorf("the agent took %d KiB in front of a stuck console", peak)
	}
	want := floodLog(lines)
	for rank := range 2 {
		if w.log(rank, "stdout") != want {
			t.Errorf("the log of rank %d is not what it wrote", rank)
		}
	}
	all, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if st := s.end(); st != 0 {
		t.Errorf("exit status %d: %s", st, s.err)
	}
	for rank, text := range perRank(t, string(all)) {
		if text != want {
			t.Errorf("rank %s: the late reader got %d bytes instead of %d", rank, len(text), len(want))
		}
	}
}

// procStatus reads a number of KiB from /proc/PID/status.
func procStatus(t *testing.T, pid int, key string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + key + `:\s+(\d+)`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no %s in %s", key, b)
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

func TestLingerBoundsTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const lines = 20_000
	s, out := w.unread(append(append([]string{"run", "--console-linger", "500ms", "--"}, w.worker("flood")...), strconv.Itoa(lines))...)
	if st := s.end(); st != 0 {
		t.Errorf("exit status %d", st)
	}
	all, _ := io.ReadAll(out)
	res := w.ps()[0].Result
	if res.Unshown == 0 || res.Unshown+int64(len(all)) != 100*lines {
		t.Errorf("%d bytes unshown and %d shown of %d", res.Unshown, len(all), 100*lines)
	}
	want := fmt.Sprintf("sluice: %d bytes of output were not shown (ranks 0); they are in the logs\n", res.Unshown)
	if s.err.String() != want {
		t.Errorf("stderr says %q instead of %q", s.err, want)
	}
	if w.log(0, "stdout") != floodLog(lines) {
		t.Error("the log is not complete")
	}
}

func TestCtrlCEndsTheLinger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, _ := w.unread(append(append([]string{"run", "--console-linger", "forever", "--"}, w.worker("flood")...), "20000")...)
	eventually(t, "the worker has ended", func() bool {
		recs := w.ps()
		return len(recs) == 1 && len(recs[0].Workers) == 1 && recs[0].Workers[0].Kind == "exited"
	})
	s.Process.Signal(os.Interrupt)
	if st := s.end(); st != 0 {
		t.Errorf("exit status %d: the gang had succeeded already", st)
	}
	if w.ps()[0].Result.Unshown == 0 {
		t.Error("what was not shown is not counted")
	}
}

func TestSlowConsoleGetsEveryLine(t *testing.T) {
	t.Parallel()
	testpeer.Need(t, "gzip", "gzip")
	w := newWorld(t)
	zipped := filepath.Join(w.dir, "out.gz")
	f, err := os.Create(zipped)
	if err != nil {
		t.Fatal(err)
	}
	// It takes nothing for longer than it takes to fill every buffer on the way.
	gz := exec.Command("sh", "-c", "sleep 0.5; exec gzip -c")
	gz.Stdout = f
	in, err := gz.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gz.Start(); err != nil {
		t.Fatal(err)
	}
	const lines = 50_000
	r := w.runWith(func(c *exec.Cmd) { c.Stdout = in.(*os.File) },
		append(append([]string{"run", "-n", "2", "--"}, w.worker("flood")...), strconv.Itoa(lines))...)
	in.Close()
	if err := gz.Wait(); err != nil {
		t.Fatal(err)
	}
	f.Seek(0, 0)
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	want := floodLog(lines)
	for rank, text := range perRank(t, string(all)) {
		if text != want {
			t.Errorf("rank %s: %d bytes instead of %d", rank, len(text), len(want))
		}
	}
	if r.status != 0 || r.stderr != "" {
		t.Errorf("exit status %d, stderr %q", r.status, r.stderr)
	}
}

func TestClosedConsoleLeavesTheRunGoing(t *testing.T) {
	t.Parallel()
	for name, pipe := range map[string]string{
		"stdout": "| head -1", "both": "2>&1 | head -1", "events": "2>/dev/null | head -1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			flags := "-n 2 --on-failure continue"
			if name == "events" {
				flags += " --events -"
			}
			script := fmt.Sprintf(`%s run %s -- sh -c 'seq 1 20000; seq 1 20000 >&2; exit 3' %s; exit ${PIPESTATUS[0]}`, sluice, flags, pipe)
			c := exec.Command("bash", "-c", script)
			c.Env, c.Dir = w.env, w.dir
			out, _ := c.Output()
			if st := statusOf(c.ProcessState); st != 3 {
				t.Errorf("exit status %d instead of the workers' 3", st)
			}
			if bytes.Count(out, []byte("\n")) != 1 {
				t.Errorf("head printed %q", clip(string(out)))
			}
			var want strings.Builder
			for i := range 20000 {
				fmt.Fprintln(&want, i+1)
			}
			for rank := range 2 {
				for _, stream := range []string{"stdout", "stderr"} {
					if w.log(rank, stream) != want.String() {
						t.Errorf("rank %d: its %s log is not complete", rank, stream)
					}
				}
			}
		})
	}
}

func TestGrandchildDoesNotHoldTheLauncher(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	r := w.run("run", "--env", "MARK="+mark, "--", "sh", "-c", "(echo from below; exec sleep 1000) & echo above; sleep 0.1; exit 4")
	if r.status != 4 || !strings.Contains(r.stdout, "above\n") || !strings.Contains(r.stdout, "from below\n") {
		t.Errorf("got %+v", r)
	}
	if pids := marked(mark); len(pids) > 0 {
		t.Errorf("it is still there: %v", pids)
	}
}

func TestProgressIsCollapsedOnPipes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--", "sh", "-c", `printf '\rstep 1\rstep 2'; printf '\rstep 3\n'; printf 'crlf\r\n'`)
	for rank, text := range perRank(t, r.stdout) {
		if text != "step 3\ncrlf\n" && text != "step 3\ncrlf\r\n" {
			t.Errorf("rank %s: %q", rank, text)
		}
	}
	if got := w.log(0, "stdout"); got != "\rstep 1\rstep 2\rstep 3\ncrlf\r\n" {
		t.Errorf("the log is touched: %q", got)
	}
	r = w.run("run", "-n", "2", "--progress", "raw", "--", "printf", `a\rb\n`)
	for rank, text := range perRank(t, r.stdout) {
		if text != "a\rb\n" {
			t.Errorf("--progress raw: rank %s: %q", rank, text)
		}
	}
}

func TestExitStatusPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Rank 2 fails with 5 first; rank 1 with 3 once rank 2 has been reaped.
	const script = `case $RANK in
	2) echo $$ > pid.new; mv pid.new $PIDFILE; exit 5;;
	1) until [ -e $PIDFILE ]; do sleep 0.01; done; while kill -0 $(cat $PIDFILE) 2>/dev/null; do sleep 0.01; done; exit 3;;
	esac`
	for policy, want := range map[string]int{"first": 5, "max": 5, "lowest-rank": 3, "any": 1, "count": 2} {
		r := w.run("run", "-q", "-n", "3", "--on-failure", "continue", "--exit-code", policy, "--env", "PIDFILE=pid-"+policy, "--", "sh", "-c", script)
		if r.status != want {
			t.Errorf("--exit-code %s: status %d instead of %d: %s", policy, r.status, want, r.stderr)
		}
	}
	r := w.run("run", "-n", "2", "--", "sh", "-c", `[ $RANK = 0 ] && exec sleep 60; ulimit -c 0; kill -SEGV $$`)
	if r.status != 139 || !strings.Contains(r.stderr, "SIGSEGV") {
		t.Errorf("SIGSEGV: status %d: %s", r.status, r.stderr)
	}
}
