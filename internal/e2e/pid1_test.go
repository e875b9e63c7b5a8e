//go:build linux

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func init() {
	// subreaper runs its arguments as a child, and tells what it was left with.
	workers["subreaper"] = func() {
		unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
		cmd := exec.Command(os.Args[1], os.Args[2:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := cmd.Run()
		var ee *exec.ExitError
		if err != nil && !errors.As(err, &ee) {
			panic(err)
		}
		_, err = unix.Wait4(-1, nil, unix.WNOHANG, nil)
		fmt.Printf("status %d, then %v\n", cmd.ProcessState.ExitCode(), err)
	}
}

// orphans makes orphans that end at different times with statuses of their
// own, waits until the last is reaped, and ends with its rank as status.
const orphans = `
for i in 1 2 3 4 5 6 7 8; do
	(setsid sh -c "sleep 0.0$i; : > $DIR/orphan.$RANK.$i; exit 99" &)
done
n=0
until [ "$(ls $DIR | grep -c "orphan.$RANK")" = 8 ] && ! grep -qs ') Z ' /proc/[0-9]*/stat; do
	n=$((n+1)); [ $n -gt 400 ] && { echo zombies are left; exit 98; }
	sleep 0.02
done
exit $RANK`

// As process 1 of a container: orphans are reaped, and only they.
func TestAsProcessOne(t *testing.T) {
	t.Parallel()
	testpeer.NeedRoot(t, "make a pid namespace")
	testpeer.Need(t, "unshare", "util-linux")
	w := newWorld(t)
	r := w.runWith(wrapped("unshare", "-pf", "--mount-proc", "--kill-child"),
		"run", "-n", "4", "--on-failure", "continue", "--exit-code", "max", "--env", "DIR="+w.dir, "--", "sh", "-c", orphans)
	if r.status != 3 || strings.Contains(r.stdout, "zombies") {
		t.Errorf("got %+v", r)
	}
	for _, wk := range w.ps()[0].Workers {
		if wk.Kind != "exited" || wk.Code != wk.Rank {
			t.Errorf("rank %d: %+v", wk.Rank, wk)
		}
	}
}

// Process 1 has no default actions for signals: what a container's stop sends
// must still end the gang.
func TestProcessOneIsStopped(t *testing.T) {
	t.Parallel()
	testpeer.NeedRoot(t, "make a pid namespace")
	testpeer.Need(t, "unshare", "util-linux")
	w := newWorld(t)
	mark := w.mark()
	s := w.startWith(wrapped("unshare", "-pf", "--mount-proc", "--kill-child"),
		"run", "-n", "2", "--env", "MARK="+mark, "--", "sh", "-c", "echo up; exec sleep 1000")
	eventually(t, "both are up", func() bool { return strings.Count(s.out.String(), "up") == 2 })
	kids, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.Process.Pid, s.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var one int
	fmt.Sscan(string(kids), &one)
	syscall.Kill(one, syscall.SIGTERM)
	if got := s.end(); got != 143 {
		t.Errorf("exit status %d\n%s", got, s.err)
	}
	nothingRuns(t, mark)
}

// Under somebody else's subreaper nothing is left for it to reap.
func TestUnderASubreaper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	exe, err := filepath.EvalSymlinks("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	r := w.runWith(func(cmd *exec.Cmd) {
		wrap(cmd, exe)
		cmd.Env = append(cmd.Env, workerEnv+"=subreaper")
	}, "run", "-n", "3", "--env", "MARK="+mark, "--env", workerEnv+"=", "--on-failure", "continue", "--", "sh", "-c",
		`(setsid setsid sleep 1000 &) ; (sleep 1000 &) ; (trap "" TERM; setsid sleep 1000 &); [ $RANK != 1 ] || exit 9`)
	if !strings.Contains(r.stdout, "status 9, then no child processes") {
		t.Errorf("got %+v", r)
	}
	nothingRuns(t, mark)
}
