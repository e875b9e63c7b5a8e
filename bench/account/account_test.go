//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// asLauncher makes the test binary behave as a launcher: it runs its arguments
// as two workers, through a second process of itself if it is "2".
const asLauncher = "ACCOUNT_TEST_AS_LAUNCHER"

func TestMain(m *testing.M) {
	switch os.Getenv(asLauncher) {
	case "":
		goleak.VerifyTestMain(m)
	case "2":
		os.Setenv(asLauncher, "1")
		os.Exit(launch(os.Args, 1))
	default:
		os.Exit(launch(os.Args[1:], 2))
	}
}

// launch starts argv n times and waits. Workers die with their launcher here.
func launch(argv []string, n int) int {
	// The parent-death signal fires when the starting thread ends.
	runtime.LockOSThread()
	var cmds []*exec.Cmd
	for range n {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.SysProcAttr = dieWithParent()
		if err := cmd.Start(); err != nil {
			return 125
		}
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		cmd.Wait()
	}
	return 0
}

func TestIdle(t *testing.T) {
	t.Setenv(asLauncher, "2")
	rows := filepath.Join(t.TempDir(), "rows")
	var stdout, stderr bytes.Buffer
	status := run([]string{"idle", "-name", "idle", "-workers", "2", "-settle", "0", "-window", "50ms", "-cpu", "<=100", "-threads", "<=1", "-rows", rows,
		os.Args[0], "sh", "-c", `echo >"$BENCH_READY"; exec sleep 600`}, &stdout, &stderr)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	if !strings.Contains(stdout.String(), "2 workers, 2 processes of the launcher") {
		t.Errorf("launcher and helper were not told from the workers:\n%s", stdout.String())
	}
	got, err := os.ReadFile(rows)
	if err != nil || strings.Count(string(got), "\n") != 3 || !strings.Contains(string(got), "threads\t<=1\tmissed") {
		t.Errorf("rows %q, %v; want three, and more than one thread", got, err)
	}
}

func TestTransfer(t *testing.T) {
	t.Setenv(asLauncher, "1")
	var stdout, stderr bytes.Buffer
	worker := `echo >"$BENCH_READY"; : <"$BENCH_GO"; echo >"$BENCH_READY"; exec sleep 600`
	status := run([]string{"transfer", "-workers", "2", "-bytes", "1000", "-a", "one", "-b", "two",
		os.Args[0], "sh", "-c", worker, "::", os.Args[0], "sh", "-c", worker}, &stdout, &stderr)
	if status != 0 || strings.Count(stdout.String(), "ms of CPU per GB") != 2 {
		t.Fatalf("status %d: %s%s", status, stdout.String(), stderr.String())
	}
}

func TestALauncherThatEndsEarlyIsNoResult(t *testing.T) {
	var stdout, stderr bytes.Buffer
	status := run([]string{"idle", "-workers", "2", "sh", "-c", `printf r >"$BENCH_READY"; echo no more >&2; exit 3`}, &stdout, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "when 1 of 2 workers had reported") || !strings.Contains(stderr.String(), "no more") {
		t.Errorf("status %d, stderr:\n%s", status, stderr.String())
	}
}

func TestCPUTimeGrowsWithWork(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for after := before; after < before+5*time.Millisecond; {
		if after, err = cpuTime(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHouseholdOfAFixture(t *testing.T) {
	proc := t.TempDir()
	// Names as a process may choose them.
	for pid, p := range map[string][2]string{
		"10": {"10 (sluice) S 1 10", "/bin/sluice"}, "11": {"11 (a) S 99) S 10 10", "/bin/sluice"},
		"12": {"12 (sleep) S 11 12", "/bin/sleep"}, "13": {"13 (sh) S 12 12", "/bin/sluice"}, "14": {"14 (sluice) S 1 14", "/bin/sluice"},
	} {
		if err := os.Mkdir(filepath.Join(proc, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "stat"), []byte(p[0]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(p[1], filepath.Join(proc, pid, "exe")); err != nil {
			t.Fatal(err)
		}
	}
	got, err := household(proc, 10)
	if err != nil || !slices.Equal(got, []int{10, 11, 13}) {
		t.Errorf("%v, %v; want 10 with 11 and 13, not the stranger 14", got, err)
	}
}

func FuzzParentIn(f *testing.F) {
	f.Add([]byte("1 (init) S 0 1"))
	f.Add([]byte("7 (a ) S 3) (b) R 42 7"))
	f.Add([]byte(")"))
	f.Add([]byte("1 (x) S -1"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if parent, err := parentIn(stat); err == nil && parent < 0 || err != nil && parent != 0 {
			t.Errorf("%q: %d, %v", stat, parent, err)
		}
	})
}
