//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// wrap puts a program in front of a command: wrap(cmd, "prlimit", "--nofile=64").
func wrap(cmd *exec.Cmd, prog ...string) {
	path, err := exec.LookPath(prog[0])
	if err != nil {
		cmd.Err = err
		return
	}
	cmd.Args = append(append([]string{}, prog...), cmd.Args...)
	cmd.Args[len(prog)] = cmd.Path
	cmd.Path = path
}

// wrapped is wrap for runWith and startWith.
func wrapped(prog ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { wrap(cmd, prog...) }
}

// unprivileged makes a world of a user without rights, and without any other
// process, as which commands are to be started with as.
func unprivileged(t *testing.T) (w *world, as func(*exec.Cmd)) {
	t.Helper()
	testpeer.NeedRoot(t, "become another user")
	uid := uint32(61000 + os.Getpid()%4000)
	w = newWorld(t)
	home, err := os.MkdirTemp("", "slu")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chown(home, int(uid), int(uid)); err != nil {
		t.Fatal(err)
	}
	w.dir = home
	w.env = append(w.env, "HOME="+home, "XDG_STATE_HOME="+home+"/state", "XDG_RUNTIME_DIR="+home)
	return w, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
}

// smallDisk mounts a tmpfs.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	testpeer.NeedRoot(t, "mount a small tmpfs")
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		testpeer.Missing(t, "mounting a tmpfs: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// noRuns checks that a run which never was left nothing on disk.
func (w *world) noRuns(logDir string) {
	w.t.Helper()
	if logDir == "" {
		logDir = filepath.Join(w.dir, "state", "sluice", "runs")
	}
	if ents, err := os.ReadDir(logDir); err == nil && len(ents) > 0 {
		w.t.Errorf("%s is not empty: %v", logDir, ents)
	}
	if recs := w.ps(); len(recs) > 0 {
		w.t.Errorf("sluice ps knows of %+v", recs)
	}
}

// nothingRuns checks that no process of a run is left.
func nothingRuns(t *testing.T, mark string) {
	t.Helper()
	if pids := marked(mark); len(pids) > 0 {
		t.Errorf("processes %v are left", pids)
	}
}

// says checks a status and that stderr holds some words.
func (r result) says(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("exit status %d, not %d", r.status, status)
	}
	for _, word := range words {
		if !strings.Contains(r.stderr, word) {
			t.Errorf("stderr lacks %q:\n%s", word, clip(r.stderr))
		}
	}
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs another program as run runs sluice.
func (w *world) command(name string, args ...string) result {
	w.t.Helper()
	return w.runWith(func(cmd *exec.Cmd) { cmd.Path = name; cmd.Args[0] = name }, args...)
}
