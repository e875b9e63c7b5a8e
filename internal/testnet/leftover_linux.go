package testnet

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A machine lasts as long as somebody is there: its namespaces and its device are
// nowhere but in descriptors and processes. If the test process is killed, only
// what it started on machines remains. Each such process sees a file of the
// directory of its Net mounted, and the directory's name says whose that was.
const dirName = "sluice-testnet-"

// dirPrefix begins the name of a directory for a Net of the process.
func dirPrefix(pid int) (string, error) {
	stat, err := proc.Stat(pid)
	return fmt.Sprintf("%s%d-%d-", dirName, pid, stat.Start), err
}

// orphan tells whether a path lies in the directory of a Net whose process is gone.
func orphan(path string) bool {
	for elem := range strings.SplitSeq(path, "/") {
		owner, ours := strings.CutPrefix(elem, dirName)
		if !ours {
			continue
		}
		number, _, _ := strings.Cut(owner, "-")
		pid, err := strconv.Atoi(number)
		if err != nil {
			return false
		}
		prefix, err := dirPrefix(pid)
		return err != nil || !strings.HasPrefix(elem, prefix)
	}
	return false
}

// sweep removes what is left of Nets whose process was killed.
func sweep(t testing.TB) {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := proc.PIDs()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if mnt, err := os.Readlink(proc.Path(pid, "ns", "mnt")); err != nil || mnt == own {
			continue
		}
		mounts, err := proc.Mounts(pid)
		if err != nil {
			continue // it has ended
		}
		for _, m := range mounts {
			if m.Point == "/etc/hosts" && orphan(m.Root) {
				t.Logf("ending process %d, which a killed test has left on a machine of its own", pid)
				unix.Kill(pid, unix.SIGKILL)
				break
			}
		}
	}
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), dirName+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if orphan(dir) {
			os.RemoveAll(dir)
		}
	}
}
