//go:build linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// Two real PyTorch processes find each other through the environment, train a
// few steps with DistributedDataParallel over gloo, and agree.
func TestTorchDDP(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	train, err := filepath.Abs("../../examples/ddp/train.py")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--", python, train)
	if r.status != 0 || !strings.Contains(r.stdout, "parameters agree") {
		t.Fatalf("got %+v", r)
	}
	for rank, words := range []string{"rank 0 of 2 is ready", "rank 1 of 2 is ready"} {
		if !strings.Contains(w.log(rank, "stderr"), words) {
			t.Errorf("rank %d: %s", rank, w.log(rank, "stderr"))
		}
	}

	// An exception under @record is what the report quotes.
	r = w.run("run", "-n", "2", "--", python, train, "--fail-rank", "1")
	r.says(t, 1, "rank 1 failed first", "it left this error", "RuntimeError: rank 1 gives up at step 2")
	first := w.ps()[0]
	if first.Result == nil || first.Result.First == nil || first.Workers[*first.Result.First].Rank != 1 {
		t.Errorf("sluice ps: %+v", first)
	}
}

// What an MPI program asks its environment is what mpirun would have said.
func TestMPIEnvironment(t *testing.T) {
	t.Parallel()
	mpirun := testpeer.Need(t, "mpirun", "openmpi-bin")
	const ask = `echo $OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE $OMPI_COMM_WORLD_LOCAL_RANK/$OMPI_COMM_WORLD_LOCAL_SIZE $OMPI_COMM_WORLD_NODE_RANK $OMPI_UNIVERSE_SIZE`
	w := newWorld(t)
	lines := func(r result) string {
		all := strings.Fields(strings.ReplaceAll(strings.TrimSpace(r.stdout), " ", "_"))
		if r.status != 0 || len(all) != 2 {
			t.Fatalf("got %+v", r)
		}
		return min(all[0], all[1]) + " " + max(all[0], all[1])
	}
	ours := lines(w.run("run", "-n", "2", "--prefix", "", "--env-dialect", "ompi,pmi", "--", "sh", "-c", ask))
	theirs := lines(w.command(mpirun, "--allow-run-as-root", "--oversubscribe", "-np", "2", "sh", "-c", ask))
	if ours != theirs {
		t.Errorf("ours %q, mpirun's %q", ours, theirs)
	}
}
