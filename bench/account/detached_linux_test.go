package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestIdleOfWhatIsLeftBehind(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err == nil {
		sleep, err = filepath.EvalSymlinks(sleep)
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := filepath.Join(t.TempDir(), "rows")
	var stdout, stderr bytes.Buffer
	status := run([]string{"idle", "-workers", "2", "-settle", "0", "-window", "50ms", "-threads", "<=2", "-rows", rows, "-detached", sleep,
		"sh", "-c", `for i in 1 2; do
			sleep 600 &
			until [ "$(readlink /proc/$!/exe)" = "$0" ]; do :; done
			echo >"$BENCH_READY"
		done`, sleep}, &stdout, &stderr)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	if !strings.Contains(stdout.String(), "2 workers, 2 processes of the launcher") {
		t.Errorf("what was left behind was not found:\n%s", stdout.String())
	}
	if got, err := os.ReadFile(rows); err != nil || !strings.Contains(string(got), "threads\t<=2\tmet") {
		t.Errorf("rows %q, %v; want two threads", got, err)
	}
	if left, err := below("/proc", os.Getpid(), sleep); err != nil || len(left) > 0 {
		t.Errorf("%v, %v are still there", left, err)
	}
}

func TestALauncherThatLeavesNothing(t *testing.T) {
	for want, script := range map[string]string{
		"out of luck":        `echo out of luck >&2; exit 3`,
		"nothing that runs ": `echo >"$BENCH_READY"`,
	} {
		var stdout, stderr bytes.Buffer
		status := run([]string{"idle", "-workers", "1", "-settle", "0", "-window", "1ms", "-detached", "/bin/sh", "sh", "-c", script}, &stdout, &stderr)
		if status != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, stderr %s", script, status, stderr.String())
		}
	}
}
