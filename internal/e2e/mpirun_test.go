//go:build linux

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/internal/testssh"
)

// mpirun starts one sluice on each of two machines. How many there are and which
// each is it has from mpirun; where they meet it is told.
func TestMpirun(t *testing.T) {
	thorough(t)
	t.Parallel()
	mpirun := testpeer.Need(t, "mpirun", "openmpi-bin")
	net, nodes := newNodes(t, "s", "a", "b")
	s := nodes[0]
	f := fleetOn(t, s.world, testssh.StartOn(t, net.Host("a"), net.Host("b")), "a", "b")
	// Daemons that share a directory for temporary files fall over each other.
	s.script("agent", fmt.Sprintf(`#!/bin/sh
host=$1
shift
mkdir -p %[1]s/$host/tmp
command=$(printf %%s "$*" | sed "s/'/'\\\\''/g")
exec %[1]s/ssh $host "TMPDIR=%[1]s/$host/tmp sh -c '$command'"
`, f.dir))
	s.must("certs", "certs")
	launch := func(args ...string) *started {
		line := []string{"--allow-run-as-root", "--mca", "plm", "rsh", "--mca", "plm_rsh_agent", s.path("agent"), "-H", "a,b", "--map-by", "ppr:1:node", sluice}
		return s.startWith(func(cmd *exec.Cmd) {
			cmd.Path, cmd.Args = mpirun, append([]string{mpirun}, append(line, args...)...)
			s.inside(cmd)
		})
	}
	run := func(args ...string) *started {
		return launch(append([]string{"run", "-n", "2", "--tls", s.path("certs"), "--rendezvous", "a"}, args...)...)
	}

	well := run("--prefix", "", "--", "sh", "-c", "echo $RANK of $WORLD_SIZE on $(uname -n)")
	if status := well.end(); status != 0 || sortedLines(well.out.String()) != "0 of 4 on a\n1 of 4 on a\n2 of 4 on b\n3 of 4 on b\n" {
		t.Errorf("exit status %d\n%s\n%s", status, well.out.String(), well.err.String())
	}
	f.gone()

	badly := run("--", "sh", "-c", "[ $RANK = 3 ] && exit 7; exec sleep 1000")
	if status := badly.end(); status != 7 || strings.Count(badly.err.String(), "rank 3 on host b") == 0 {
		t.Errorf("exit status %d\n%s", status, badly.err.String())
	}
	f.gone()

	nowhere := launch("run", "-n", "2", "--tls", s.path("certs"), "--", "true")
	if status := nowhere.end(); status != 2 || !strings.Contains(nowhere.err.String(), "give --rendezvous HOST:PORT") {
		t.Errorf("exit status %d\n%s", status, nowhere.err.String())
	}

	// Whatever happens to mpirun, no worker outlives it.
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		st := run("--", "sh", "-c", "echo up $RANK; exec sleep 1000")
		for rank := range 4 {
			st.prints(fmt.Sprint("up ", rank))
		}
		if err := st.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if status := st.end(); status == 0 {
			t.Errorf("after %v: exit status %d", sig, status)
		}
		f.gone()
	}
	if logs, err := filepath.Glob(filepath.Join(f.dir, "*", "sluice", "runs", "*")); err != nil || len(logs) < 8 {
		t.Errorf("logs of %d runs on both machines: %v", len(logs), err)
	}
}
