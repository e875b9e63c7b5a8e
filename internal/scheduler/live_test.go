package scheduler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/internal/testslurm"
)

// minimalConf is the least that Slurm's programs take for a configuration.
func minimalConf(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slurm.conf")
	if err := os.WriteFile(path, []byte("ClusterName=x\nSlurmctldHost=localhost\nNodeName=localhost\nPartitionName=x Nodes=ALL\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// reports starts cmd, which starts this binary on every node, and returns what the
// nodes have told, by rank. Errors come first.
func reports(t *testing.T, cmd *exec.Cmd) []report {
	t.Helper()
	env := slices.DeleteFunc(cmd.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "SLUICE_") })
	cmd.Env = append(env, reportVar+"=1")
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	timer := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.Bytes())
	}
	return decode(t, out)
}

func decode(t *testing.T, out []byte) []report {
	t.Helper()
	var all []report
	for line := range bytes.Lines(out) {
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		all = append(all, r)
	}
	rank := func(r report) int {
		if r.Found == nil {
			return -1
		}
		return r.Found.NodeRank
	}
	slices.SortFunc(all, func(a, b report) int { return rank(a) - rank(b) })
	return all
}

// agree says that n nodes are told of one world with all of them.
func agree(t *testing.T, all []report, n int, source, endpoint string) {
	t.Helper()
	if len(all) != n {
		t.Fatalf("%d reports, not %d", len(all), n)
	}
	for i, r := range all {
		if r.Err != nil || r.Found == nil {
			t.Fatalf("node %d: %v", i, r.Err)
		}
		if f := r.Found; f.Source != source || f.Nodes != n || f.MinNodes != n || f.NodeRank != i || f.Endpoint != endpoint || f.RunID != all[0].Found.RunID {
			t.Errorf("node %d: %+v", i, f)
		}
	}
}

// refused says that all n processes fail over the same variable.
func refused(t *testing.T, all []report, n int, field string) {
	t.Helper()
	if len(all) != n {
		t.Fatalf("%d reports, not %d", len(all), n)
	}
	for _, r := range all {
		if r.Err == nil || r.Err.Field != field {
			t.Errorf("%+v, %v", r.Found, r.Err)
		}
	}
}

func TestSlurm(t *testing.T) {
	slurm := testslurm.Start(t, 3)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	agree(t, reports(t, slurm.Srun("-N3", self)), 3, "Slurm", "n1")
	agree(t, reports(t, slurm.Srun("-N2", "-w", "n2,n3", self)), 2, "Slurm", "n2")
	agree(t, reports(t, slurm.Srun("-N1", "-c2", self)), 1, "Slurm", "n1")
	agree(t, reports(t, slurm.Command("salloc", "-Q", "-N3", "srun", "-N2", "-n2", "-r1", self)), 2, "Slurm", "n2")
	refused(t, reports(t, slurm.Srun("-N2", "--ntasks-per-node=2", self)), 4, "SLURM_STEP_TASKS_PER_NODE")
	refused(t, reports(t, slurm.Command("salloc", "-Q", "-N2", self)), 1, "SLURM_JOB_NUM_NODES")

	// The steps of one job are runs of their own.
	two := reports(t, slurm.Command("salloc", "-Q", "-N1", "sh", "-c", `srun "$0"; srun "$0"`, self))
	if len(two) != 2 || two[0].Found == nil || two[1].Found == nil || two[0].Found.RunID == two[1].Found.RunID {
		t.Errorf("%+v", two)
	}

	out := filepath.Join(t.TempDir(), "out")
	batch := slurm.Command("sbatch", "-N2", "--ntasks-per-node=1", "-o", out, "--wrap", self)
	batch.Env = append(batch.Env, reportVar+"=1")
	if said, err := batch.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var said []byte
	for end := time.Now().Add(60 * time.Second); !bytes.HasSuffix(said, []byte("\n")); time.Sleep(50 * time.Millisecond) {
		if said, err = os.ReadFile(out); time.Now().After(end) {
			t.Fatalf("the batch job says %q, %v", said, err)
		}
	}
	refused(t, decode(t, said), 1, "SLURM_JOB_NUM_NODES")
}

// Both launchers are told of nodes by other names than this machine's, and start their
// daemons for them here.
func TestOpenMPI(t *testing.T) {
	mpirun := testpeer.Need(t, "mpirun", "openmpi-bin")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// In the place of ssh: options, a host, and a command for the shell there. Daemons
	// that share a directory for temporary files fall over each other.
	agent := filepath.Join(t.TempDir(), "agent")
	const script = `#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
export TMPDIR="$0.$1"
mkdir -p "$TMPDIR"
shift
exec sh -c "$*"
`
	if err := os.WriteFile(agent, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(n int, args ...string) []report {
		// Its lines get mixed, so that each process writes a file.
		dir := t.TempDir()
		args = append([]string{"--allow-run-as-root", "--mca", "plm_rsh_agent", agent, "--mca", "plm", "rsh"}, args...)
		cmd := exec.Command(mpirun, append(args, "sh", "-c", `"$0" > "$1/$OMPI_COMM_WORLD_RANK"`, self, dir)...)
		reports(t, cmd)
		var all []byte
		for i := range n {
			data, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return decode(t, all)
	}
	all := run(2, "-n", "2", "-H", "nodea,nodeb", "--map-by", "ppr:1:node")
	agree(t, all, 2, "Open MPI", "")
	if f := all[0].Found; f != nil && (f.Hint == "" || f.RunID == "") {
		t.Errorf("%+v", f)
	}
	refused(t, run(2, "-n", "2", "--oversubscribe"), 2, "OMPI_COMM_WORLD_LOCAL_SIZE")
}

func TestHydra(t *testing.T) {
	hydra := testpeer.Need(t, "mpiexec.hydra", "mpich")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	agree(t, reports(t, exec.Command(hydra, "-launcher", "fork", "-hosts", "nodea,nodeb", "-ppn", "1", "-n", "2", self)), 2, "PMI", "")
	refused(t, reports(t, exec.Command(hydra, "-launcher", "fork", "-n", "2", self)), 2, "MPI_LOCALNRANKS")
}
