//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
	"github.com/sluicerun/sluice/internal/testslurm"
)

// slurm is a cluster of two nodes, n1 and n2, whose names all of its jobs resolve.
type slurm struct {
	*world
	cluster *testslurm.Cluster
	hosts   string
}

func newSlurm(t *testing.T) *slurm {
	t.Helper()
	testpeer.NeedRoot(t, "slurmd starts the steps of a job")
	s := &slurm{world: newWorld(t), cluster: testslurm.Start(t, 2)}
	s.hosts = s.path("hosts")
	s.write("hosts", "127.0.0.1 localhost n1 n2\n")
	return s
}

// slurmJob is a command of Slurm's that starts sluice.
type slurmJob struct {
	*exec.Cmd
	out lockedBuffer
	end chan error
}

// start begins "srun FLAGS sluice ARGS". All nodes are this machine, so the only
// thing that a cluster has and they have not is made for them: names.
func (s *slurm) start(command string, flags []string, args ...string) *slurmJob {
	s.t.Helper()
	line := append(append([]string{}, flags...), "unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, s.hosts, sluice)
	cmd := s.cluster.Command(command, append(line, args...)...)
	cmd.Env = append(cmd.Env, s.env[len(s.env)-2:]...)
	cmd.Dir = s.dir
	j := &slurmJob{Cmd: cmd, end: make(chan error, 1)}
	cmd.Stdout, cmd.Stderr = &j.out, &j.out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { j.end <- cmd.Wait() }()
	s.t.Cleanup(func() { cmd.Process.Kill() })
	return j
}

func (j *slurmJob) ended(t *testing.T) (status int, out string) {
	t.Helper()
	select {
	case <-j.end:
	case <-time.After(time.Minute):
		t.Fatalf("it does not end:\n%s", j.out.String())
	}
	// On a busy machine srun tells that it waits for the job before.
	for line := range strings.Lines(j.out.String()) {
		if !strings.HasPrefix(line, "srun: job ") {
			out += line
		}
	}
	return j.ProcessState.ExitCode(), out
}

// One cluster serves them one after the other: the jobs of two would have the same
// numbers, and so the same place to meet on this machine.
func TestSlurm(t *testing.T) {
	thorough(t)
	t.Parallel()
	s := newSlurm(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *slurm)
	}{{"Srun", testSrun}, {"Mistakes", testSrunMistakes}, {"Preempted", testSrunPreempted}} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

// srun needs no flags of sluice's: how many nodes there are, which this is, where they
// meet and with which credentials follows from the job.
func testSrun(t *testing.T, s *slurm) {
	status, out := s.start("srun", []string{"-N2", "--ntasks-per-node=1"}, "run", "-n", "2", "--",
		"sh", "-c", "echo rank $RANK of $WORLD_SIZE on node $GROUP_RANK").ended(t)
	want := "[0] rank 0 of 4 on node 0\n[1] rank 1 of 4 on node 0\n[2] rank 2 of 4 on node 1\n[3] rank 3 of 4 on node 1\n"
	if status != 0 || sortedLines(out) != want {
		t.Errorf("exit status %d\n%s", status, out)
	}
	// They were made where they are looked for, and are gone with the run.
	kept, err := filepath.Glob(s.path("state/sluice/credentials/*"))
	if _, made := os.Stat(s.path("state/sluice/credentials")); err != nil || made != nil || len(kept) != 0 {
		t.Errorf("the credentials of the job: %v (%v, %v)", kept, err, made)
	}
}

// Two agents on one node, and a step that has only one of two nodes' agents, are
// mistakes and no worlds of their own.
func testSrunMistakes(t *testing.T, s *slurm) {
	status, out := s.start("srun", []string{"-N2", "--ntasks-per-node=2"}, "run", "--", "true").ended(t)
	if status != 2 || !strings.Contains(out, "--ntasks-per-node=1") {
		t.Errorf("two on each node: exit status %d\n%s", status, out)
	}
	status, out = s.start("salloc", []string{"-N2"}, "run", "--", "true").ended(t)
	if status != 2 || !strings.Contains(out, "srun") {
		t.Errorf("without srun: exit status %d\n%s", status, out)
	}
	status, out = s.start("srun", []string{"-N2", "--ntasks-per-node=1"}, "run", "--nodes", "1", "--", "sh", "-c", "echo $WORLD_SIZE").ended(t)
	if status != 0 || out != "1\n1\n" {
		t.Errorf("each for itself, as asked: exit status %d\n%s", status, out)
	}
}

// The notice before a preemption reaches the workers.
func testSrunPreempted(t *testing.T, s *slurm) {
	j := s.start("srun", []string{"-N2", "--ntasks-per-node=1"}, "run", "--", "sh", "-c",
		`trap 'echo rank $RANK saves its work; exit 0' USR1; echo rank $RANK is up; while :; do sleep 0.05; done`)
	for rank := range 2 {
		eventually(t, fmt.Sprintf("rank %d is up", rank), func() bool { return strings.Contains(j.out.String(), fmt.Sprintf("rank %d is up", rank)) })
	}
	list, err := s.cluster.Command("squeue", "-h", "-o", "%A").Output()
	if err != nil {
		t.Fatal(err)
	}
	notice := s.cluster.Command("scancel", "--signal=USR1", strings.TrimSpace(string(list)))
	if out, err := notice.CombinedOutput(); err != nil {
		t.Fatalf("scancel: %v\n%s", err, out)
	}
	status, out := j.ended(t)
	// This cluster signals all processes of a step, so that workers may get it twice.
	if status != 0 || !strings.Contains(out, "rank 0 saves its work") || !strings.Contains(out, "rank 1 saves its work") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}
