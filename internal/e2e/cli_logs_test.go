//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("run", "-n", "3", "--name", "said", "--", "sh", "-c", `printf "one $RANK\ntwo\nthree\nfour"; echo "err $RANK" >&2`)
	for _, tt := range []struct {
		args string
		want string
	}{
		{"said/1 --stream out", "one 1\ntwo\nthree\nfour"},
		{"--rank 1 --stream out", "one 1\ntwo\nthree\nfour"},
		{"said --rank 2", "one 2\ntwo\nthree\nfourerr 2\n"},
		{"--stream err", "[0] err 0\n[1] err 1\n[2] err 2\n"},
		{"--stream err --raw", "err 0\nerr 1\nerr 2\n"},
		{"said/0,2 --stream out --tail 2", "[0] three\n[0] four\n[2] three\n[2] four\n"},
		{"said/0 --stream out --tail 1", "four"},
		{"said/0 --stream out --tail 0", ""},
		{"said/0 --stream out --since-offset 6", "two\nthree\nfour"},
		{"said/0 --stream out --attempt 0 --tail 1", "four"},
		{"said/0 --stream out -f", "one 0\ntwo\nthree\nfour"},
		{"said/0 --stream out -f --since-offset 6", "two\nthree\nfour"},
	} {
		if r := w.run(append([]string{"logs"}, strings.Fields(tt.args)...)...); r.stdout != tt.want || r.stderr != "" || r.status != 0 {
			t.Errorf("sluice logs %s: %+v instead of %q", tt.args, r, tt.want)
		}
	}
	for args, says := range map[string]string{
		"said/9":                    "no such logs",
		"said --attempt 3":          "no such logs",
		"said --stream both":        "neither out nor err",
		"said/0 --rank 1":           "named twice",
		"said/0 --since-offset 999": "past the end",
		"said --since-offset -1":    "negative",
		"said --tail -1":            "negative",
		"said --attempt -1":         "negative",
		"said/x":                    "rank set",
		"said --tail many":          "--tail",
		"other":                     "no run has this id",
		"said 1 2":                  "at most one RUN",
	} {
		if r := w.run(append([]string{"logs"}, strings.Fields(args)...)...); r.status != 2 || !strings.Contains(r.stderr, says) || r.stdout != "" {
			t.Errorf("sluice logs %s: %+v does not say %q", args, r, says)
		}
	}
	// The path of a run's directory, wherever it was moved.
	moved := filepath.Join(w.dir, "moved")
	if err := os.Rename(w.ps()[0].Dir, moved); err != nil {
		t.Fatal(err)
	}
	if r := w.run("logs", moved, "--rank", "0", "--stream", "err"); r.stdout != "err 0\n" {
		t.Errorf("by path: %+v", r)
	}
}

// TestLogsFollow: from its beginning or later, until the run's end, of a run
// whose gang is restarted on the way.
func TestLogsFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "-q", "-n", "2", "--restarts", "1", "--name", "walk", "--", "sh", "-c",
		`for i in 1 2; do echo "life $SLUICE_ATTEMPT step $i"; until [ -e go$SLUICE_ATTEMPT$i ]; do sleep 0.02; done; done; exit $((1-SLUICE_ATTEMPT))`)
	step := func(name string) { os.WriteFile(filepath.Join(w.dir, name), nil, 0o600) }
	eventually(t, "it runs", func() bool { return strings.Count(s.out.String(), "\n") == 2 })
	all := w.start("logs", "-f", "walk")
	one := w.start("logs", "-f", "walk/1", "--stream", "out", "--raw")
	first := w.start("logs", "-f", "walk/1", "--stream", "out", "--attempt", "0")
	sees := func(f *started, what string) {
		t.Helper()
		eventually(t, "the follower shows "+what, func() bool { return strings.Contains(f.out.String(), what) })
	}
	for attempt := range 2 {
		for i := 1; i <= 2; i++ {
			line := fmt.Sprintf("life %d step %d\n", attempt, i)
			sees(all, "[0] "+line)
			sees(all, "[1] "+line)
			sees(one, line)
			if attempt == 1 && i == 1 {
				late := w.start("logs", "-f", "walk/0")
				sees(late, "life 1 step 1\n")
				if strings.Contains(late.out.String(), "life 0") {
					t.Errorf("the latest attempt is what is followed: %q", late.out)
				}
			}
			step(fmt.Sprintf("go%d%d", attempt, i))
		}
	}
	if st := s.end(); st != 0 {
		t.Errorf("status %d: %s", st, s.err)
	}
	const lives = "life 0 step 1\nlife 0 step 2\nlife 1 step 1\nlife 1 step 2\n"
	if st := one.end(); st != 0 || one.out.String() != lives {
		t.Errorf("status %d, %q", st, one.out)
	}
	if st := first.end(); st != 0 || first.out.String() != "life 0 step 1\nlife 0 step 2\n" {
		t.Errorf("--attempt 0: status %d, %q", st, first.out)
	}
	if st := all.end(); st != 0 {
		t.Errorf("status %d: %s", st, all.err)
	}
	for rank, text := range perRank(t, all.out.String()) {
		if text != lives {
			t.Errorf("rank %s: %q", rank, text)
		}
	}
}

func TestLogsFollowEndsWithItsReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.start("run", "--name", "long", "--", "sh", "-c", "echo first; exec sleep 1000")
	eventually(t, "it runs", func() bool { return s.out.String() != "" })
	c := exec.Command("bash", "-c", sluice+` logs -f | head -1; echo "${PIPESTATUS[0]}"`)
	c.Env, c.Dir = w.env, w.dir
	if out, err := c.CombinedOutput(); string(out) != "first\n0\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestLogsWhileTheyRotate: offsets and followers do not notice.
func TestLogsWhileTheyRotate(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--tee", "all"}, {"--redirect", "all"}} {
		t.Run(flags[0], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			const lines = 3000
			s := w.start(append(append(append([]string{"run", "--name", "cut", "--log-max-size", "16K", "--log-compress"}, flags...),
				"--", "sh", "-c", `until [ -e go ]; do sleep 0.02; done; exec "$@"`, "sh"),
				append(w.worker("flood"), strconv.Itoa(lines))...)...)
			eventually(t, "it runs", func() bool { recs := w.ps(); return len(recs) == 1 && len(recs[0].Workers) == 1 })
			f := w.start("logs", "-f", "cut")
			os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600)
			if st := s.end(); st != 0 {
				t.Fatalf("status %d: %s", st, s.err)
			}
			want := floodLog(lines)
			if st := f.end(); st != 0 || f.out.String() != want {
				t.Errorf("the follower: status %d, %d bytes of %d, %s", st, len(f.out.String()), len(want), f.err)
			}
			archives, _ := filepath.Glob(filepath.Join(w.ps()[0].Dir, "attempt_0", "0", "stdout.log.*"))
			if len(archives) < 5 {
				t.Errorf("archives: %v", archives)
			}
			for _, off := range []int{0, 1, 16 << 10, 100_000, len(want) - 1, len(want)} {
				if r := w.run("logs", "cut", "--stream", "out", "--since-offset", strconv.Itoa(off)); r.stdout != want[off:] {
					t.Errorf("from %d: %d bytes instead of %d; %s", off, len(r.stdout), len(want)-off, r.stderr)
				}
			}
			if r := w.run("logs", "cut", "--stream", "out", "--tail", "500"); r.stdout != want[len(want)-500*100:] {
				t.Errorf("--tail: %d bytes; %s", len(r.stdout), r.stderr)
			}
		})
	}
}

// TestLogsOfDeletedArchives: what --log-keep deleted is told of, and what is
// left is shown.
func TestLogsOfDeletedArchives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const lines = 2000
	r := w.run(append(append([]string{"run", "--console", "none", "--log-max-size", "16K", "--log-keep", "2", "--"},
		w.worker("flood")...), strconv.Itoa(lines))...)
	if r.status != 0 {
		t.Fatalf("%+v", r)
	}
	want := floodLog(lines)
	for _, flags := range [][]string{{}, {"-f"}} {
		r := w.run(append([]string{"logs", "--stream", "out"}, flags...)...)
		if r.status != 0 || len(r.stdout) < 32<<10 || len(r.stdout) == len(want) || !strings.HasSuffix(want, r.stdout) || !strings.Contains(r.stderr, "are gone") {
			t.Errorf("sluice logs %v: status %d, %d bytes, which are the end of the log: %v; %s",
				flags, r.status, len(r.stdout), strings.HasSuffix(want, r.stdout), r.stderr)
		}
	}
}
