//go:build linux

package proc

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/job"
)

// Every limit that can be asked for arrives, and nothing of the stage does.
func TestRlimits(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	for _, name := range job.RlimitNames() {
		res, ok := resourceOf(name)
		if !ok {
			t.Errorf("no number for %s", name)
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(res, &now); err != nil {
			t.Fatal(err)
		}
		want := unix.Rlimit{Cur: min(now.Max, 1<<30) - min(now.Max, 1), Max: min(now.Max, 1<<30)}
		p := start(t, s, &Cmd{Path: "/bin/sleep", Args: []string{"sleep", "1000"},
			Rlimits: []job.Rlimit{{Name: name, Soft: want.Cur, Hard: want.Max}}})
		var got unix.Rlimit
		if err := unix.Prlimit(p.Pid(), res, nil, &got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// An address space too small for the stage itself must not end the stage.
func TestTinyAddressSpace(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	for _, name := range []string{"as", "data", "stack", "memlock"} {
		c := sh("echo fits; ulimit -v")
		c.Rlimits = []job.Rlimit{{Name: name, Soft: 6 << 20, Hard: 6 << 20}}
		c.Env = append(c.Env, "PAD="+strings.Repeat("p", 100_000))
		if got := output(t, s, c); !strings.HasPrefix(got, "fits\n") || (name == "as") != (got == "fits\n6144\n") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Arguments and environment are bytes.
func TestStagePassesBytes(t *testing.T) {
	s := newSpawner(t, SpawnerOptions{})
	odd := "\xff\xfe\n\x01 'é"
	r, w := pipeTo(t)
	p := start(t, s, &Cmd{Path: "/bin/sh", Args: []string{"name", "-c", `printf '%s|%s|%s|%s' "$0" "$1" "$ODD" "$GOMAXPROCS"`, "zero", odd},
		Env: []string{"ODD=" + odd}, Files: []*os.File{nil, w}, Rlimits: []job.Rlimit{{Name: "core"}}})
	w.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if want := "zero|" + odd + "|" + odd + "|"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	<-p.Exited()
}

func TestRaisingLimitNeedsRoot(t *testing.T) {
	testpeer.NeedRoot(t, "becomes another user with the limit to be raised")
	if !inner(t) {
		return
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: 4096}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setresuid(64999, 64999, 64999); err != nil {
		t.Fatal(err)
	}
	// A process that changed its user is not dumpable and its /proc not its
	// own; a program that was started by that user is.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	if unix.Access(selfExe, unix.X_OK) != nil {
		t.Skip("the test's binary cannot be executed by other users")
	}
	s := newSpawner(t, SpawnerOptions{})
	c := sh("exit 0")
	c.Rlimits = []job.Rlimit{{Name: "core", Soft: 4096, Hard: job.RlimInfinity}}
	_, err := s.Start(c)
	want := "starting /bin/sh: setting limit core to 4096:unlimited: operation not permitted; the hard limit here is 4096, raising it needs CAP_SYS_RESOURCE"
	var se *StartError
	if !errors.As(err, &se) || err.Error() != want || se.Status != 125 {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// What the stage may say, or not live to say.
func TestJudge(t *testing.T) {
	a := attempt{cmd: &Cmd{Path: "x", Rlimits: []job.Rlimit{{Name: "core"}}}}
	for said, want := range map[string]string{
		"R":                                  "",
		"RX\x00\x00\x00\x00\x02\x00\x00\x00": "no such file or directory",
		"":                                   "starting x: the process that sets its limits ended before it had done so",
		"Rnonsense":                          "starting x: the process that sets its limits answered nonsense",
		"L\x00\x00\x00\x00\x16\x00\x00\x00":  "starting x: setting limit core to 0:0: invalid argument; the soft limit must not be above the hard one",
		"L\x01\x00\x00\x00\x16\x00\x00\x00":  "starting x: reading the orders for setting its limits: invalid argument",
		"O\x00\x00\x00\x00\x05\x00\x00\x00":  "starting x: reading the orders for setting its limits: input/output error",
	} {
		got := ""
		if err := a.judge([]byte(said)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", said, got, want)
		}
	}
}
