//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testssh"
)

// fleet is a starter and hosts that it reaches by ssh, each with directories of its
// own.
type fleet struct {
	*world
	sshd *testssh.Sshd
	dir  string
	ssh  string // the command
	mark string
}

// newFleet has the hosts a, b and c, which are this machine.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	return fleetOn(t, newWorld(t), testssh.Start(t), "a", "b", "c")
}

func fleetOn(t *testing.T, w *world, sshd *testssh.Sshd, hosts ...string) *fleet {
	t.Helper()
	// Short, for the paths of sockets.
	dir, err := os.MkdirTemp("", "sl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	f := &fleet{world: w, sshd: sshd, dir: dir, ssh: filepath.Join(dir, "ssh"), mark: w.mark()}
	for _, h := range hosts {
		if err := os.MkdirAll(filepath.Join(dir, h, "run"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	// The hosts share a home directory, where tests leave nothing.
	script := fmt.Sprintf(`#!/bin/sh
n=$#
for word; do
	shift
	n=$((n-1))
	if [ $n = 0 ]; then word="XDG_STATE_HOME=%s/$host XDG_RUNTIME_DIR=%[1]s/$host/run PATH=%[1]s/$host/bin:\$PATH FLEET=%s $word"; fi
	host=$word
	set -- "$@" "$word"
done
exec %s -F %s "$@"
`, dir, f.mark, real, sshd.Config())
	if err := os.WriteFile(f.ssh, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "SLUICE_SSH="+f.ssh)
	t.Cleanup(func() { f.gone() })
	return f
}

// gone waits until nothing of the fleet is left: no process on a host, no ssh, no
// socket, no credentials.
func (f *fleet) gone() {
	f.t.Helper()
	eventually(f.t, "nothing runs on the hosts", func() bool {
		entries, _ := os.ReadDir("/proc")
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || !alive(pid) {
				continue
			}
			env, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
			if bytes.Contains(env, []byte("FLEET="+f.mark)) {
				return false
			}
		}
		return true
	})
	eventually(f.t, "no ssh is left", func() bool {
		for _, pid := range f.sshs("") {
			if alive(pid) {
				return false
			}
		}
		return true
	})
	left, _ := filepath.Glob(filepath.Join(f.dir, "*", "run", "sluice", "*"))
	if len(left) > 0 {
		f.t.Errorf("files are left: %v", left)
	}
}

// sluices are the processes of sluice on a host that do a hidden subcommand.
func (f *fleet) sluices(host, command string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if words := strings.Split(string(line), "\x00"); len(words) > 1 && words[1] == command &&
			bytes.Contains(env, []byte("XDG_RUNTIME_DIR="+f.dir+"/"+host+"/")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// sshs are the clients that talk to a host; to any if it is "".
func (f *fleet) sshs(host string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		words := strings.Split(string(line), "\x00")
		if len(words) < 6 || words[1] != "-F" || words[2] != f.sshd.Config() {
			continue
		}
		if host == "" || words[len(words)-3] == host {
			pids = append(pids, pid)
		}
	}
	return pids
}
