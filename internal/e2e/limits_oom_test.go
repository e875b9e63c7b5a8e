//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// smallMemory makes a memory cgroup, of v1 or v2, and returns its cgroup.procs.
func smallMemory(t *testing.T, bytes int) string {
	t.Helper()
	testpeer.NeedRoot(t, "make a memory cgroup")
	name := fmt.Sprintf("sluice-test-%d", os.Getpid())
	for _, c := range []struct{ parent, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	} {
		dir := filepath.Join(c.parent, name)
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { syscall.Rmdir(dir) })
		limit := filepath.Join(dir, c.limit)
		if _, err := os.Stat(limit); err != nil {
			continue
		}
		if err := os.WriteFile(limit, []byte(fmt.Sprint(bytes)), 0); err == nil {
			return filepath.Join(dir, "cgroup.procs")
		}
	}
	testpeer.Missing(t, "needs a memory cgroup (v1 or v2) that can be written")
	return ""
}

// What the out-of-memory killer ends is not taken for a plain SIGKILL.
func TestOutOfMemory(t *testing.T) {
	procs := smallMemory(t, 200<<20)
	w := newWorld(t)
	r := w.runWith(wrapped("sh", "-c", `echo $$ >`+procs+`; exec "$0" "$@"`),
		"run", "-n", "2", "--", "sh", "-c", `[ $RANK = 0 ] || exec sleep 1000; exec tail /dev/zero`)
	r.says(t, 137, "rank 0 was killed by the kernel's out-of-memory killer")
	for _, wk := range w.ps()[0].Workers {
		if wk.Rank == 0 && (wk.Cause != "oom" || !strings.Contains(wk.Detail, "oom") && !strings.Contains(wk.Detail, "OOM")) {
			t.Errorf("rank 0: %+v", wk)
		}
	}
	// The same signal from somebody else is not.
	r = w.runWith(wrapped("sh", "-c", `echo $$ >`+procs+`; exec "$0" "$@"`), "run", "--", "sh", "-c", "kill -9 $$")
	r.says(t, 137, "was killed by SIGKILL")
	if strings.Contains(r.stderr, "out-of-memory") {
		t.Errorf("taken for an OOM kill:\n%s", r.stderr)
	}
}
