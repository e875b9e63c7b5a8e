package testslurm

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCluster(t *testing.T) {
	var c *Cluster
	t.Run("runs a step on every node", func(t *testing.T) {
		c = Start(t, 3)
		out, err := c.Srun("-N3", "sh", "-c", "echo $SLURMD_NODENAME $SLURM_NODEID").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got := strings.Split(strings.TrimSpace(string(out)), "\n")
		slices.Sort(got)
		if want := []string{"n1 0", "n2 1", "n3 2"}; !slices.Equal(got, want) {
			t.Errorf("%q, not %q", got, want)
		}
		// Somebody to be cleaned up.
		if out, err := c.Command("sbatch", "-N2", "-o", "/dev/null", "--wrap", "srun sleep 1000").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
	if c == nil {
		return // skipped
	}
	if left := c.processes(); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", c.dir, err)
	}
}
