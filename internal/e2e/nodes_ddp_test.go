//go:build linux

package e2e

import (
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// training is examples/elastic_ddp.py on several machines, whose epochs wait for
// the test to allow them.
type training struct {
	t     *testing.T
	dir   string // shared by all machines
	nodes map[string]*node
	all   map[string]*started
}

const trainEpochs = 12

func newTraining(t *testing.T, names ...string) *training {
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	_, nodes := newNodes(t, names...)
	r := &training{t: t, dir: t.TempDir(), nodes: map[string]*node{}, all: map[string]*started{}}
	for _, n := range nodes {
		n.env = append(n.env, "PYTHON_EXEC="+python)
		r.nodes[n.Name()] = n
	}
	return r
}

// script is what comes after torchrun's own flags.
func (r *training) script() []string {
	example, err := filepath.Abs("../../examples/elastic_ddp.py")
	if err != nil {
		r.t.Fatal(err)
	}
	return []string{testdata(r.t, "train_elastic.py"), example, filepath.Join(r.dir, "allowed"),
		"--epochs", itoa(trainEpochs), "--checkpoint", filepath.Join(r.dir, "checkpoint")}
}

// start starts the training on a machine, with flags that torchrun knows as well.
func (r *training) start(name string, flags ...string) {
	flags = append([]string{"torchrun", "--nnodes", "2:4", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", "a:29400",
		"--rdzv-id", "train", "--max-restarts", "0", "--rdzv-conf", "last_call_timeout=1,join_timeout=120,keep_alive_interval=1,keep_alive_max_attempt=3"}, flags...)
	n := r.nodes[name]
	n.env = append(n.env, "SLUICE_INSECURE=1")
	r.all[name] = n.start(append(flags, r.script()...)...)
}

// allow lets the epochs begin up to one.
func (r *training) allow(epochs int) {
	file := filepath.Join(r.dir, "allowed")
	writeFile(r.t, file+".new", itoa(epochs), 0o600)
	if err := os.Rename(file+".new", file); err != nil {
		r.t.Fatal(err)
	}
}

// reaches waits until the ranks of a machine have finished an epoch as some of so
// many.
func (r *training) reaches(name string, size, epoch int) {
	r.t.Helper()
	r.all[name].prints(fmt.Sprintf(" of %d epoch %d ", size, epoch))
}

var trained = regexp.MustCompile(`of \d+ epoch (\d+) steps (\d+) loss (\S+)\n`)

// outcome is the last epoch that a machine's output tells of.
func outcome(t *testing.T, out string) (epoch, steps int, loss float64) {
	t.Helper()
	all := trained.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		t.Fatalf("no epoch was finished:\n%s", clip(out))
	}
	last := all[len(all)-1]
	var err error
	epoch, _ = strconv.Atoi(last[1])
	steps, _ = strconv.Atoi(last[2])
	if loss, err = strconv.ParseFloat(last[3], 64); err != nil {
		t.Fatal(err)
	}
	return epoch, steps, loss
}

// undisturbed is the loss of the same training on one machine.
func undisturbed(t *testing.T) float64 {
	r := newTraining(t, "alone")
	r.allow(trainEpochs)
	n := r.nodes["alone"]
	res := n.run(append([]string{"torchrun", "--nproc-per-node", "2"}, r.script()...)...)
	if res.status != 0 {
		t.Fatalf("without a failure: %+v", res)
	}
	epoch, steps, loss := outcome(t, res.stdout)
	if epoch != trainEpochs || steps != 10*trainEpochs || loss > 0.02 {
		t.Fatalf("without a failure: epoch %d, %d steps, loss %g", epoch, steps, loss)
	}
	return loss
}

// ends checks that the machines end well, with the outcome of an undisturbed
// training.
func (r *training) ends(names ...string) {
	r.t.Helper()
	want := undisturbed(r.t)
	for _, name := range names {
		s := r.all[name]
		if status := s.end(); status != 0 {
			r.t.Errorf("%s: exit status %d\n%s%s", name, status, s.out, s.err)
			continue
		}
		epoch, steps, loss := outcome(r.t, s.out.String())
		// Other numbers of ranks add the gradients up in another order.
		if epoch != trainEpochs || steps != 10*trainEpochs || math.Abs(loss-want) > 2e-6 {
			r.t.Errorf("%s: epoch %d, %d steps, loss %g, not %g\n%s", name, epoch, steps, loss, want, s.out)
		}
	}
}

// The power of a machine goes in the middle of a training: the others go on from
// the last checkpoint. A fourth that comes late takes part.
func TestNodesTrain(t *testing.T) {
	thorough(t)
	t.Parallel()
	r := newTraining(t, "a", "b", "c", "d")
	r.allow(3)
	for _, name := range []string{"a", "b", "c"} {
		r.start(name)
	}
	r.reaches("a", 3, 3)
	r.nodes["c"].PowerOff()
	r.allow(6)
	for _, name := range []string{"a", "b"} {
		r.reaches(name, 2, 6)
		if out := r.all[name].out.String(); !strings.Contains(out, " of 2 begins after epoch 3\n") || strings.Contains(out, " of 3 epoch 4 ") {
			t.Errorf("%s did not go on from the checkpoint:\n%s", name, out)
		}
	}
	r.start("d")
	// The epoch that waits ends with the round.
	r.all["d"].prints(" of 3 begins after epoch 6\n")
	r.allow(trainEpochs)
	r.ends("a", "b", "d")
	for _, name := range []string{"a", "b", "d"} {
		rec := r.nodes[name].ps()[0]
		if rec.Result == nil || rec.Result.Verdict != "succeeded" {
			t.Errorf("%s: %+v", name, rec.Result)
		}
	}
	empty(t, []*node{r.nodes["a"], r.nodes["b"], r.nodes["d"]})
}

// An agent is killed in the middle of an epoch: its worker ends, which breaks the
// others' connections, and they fail. That is no failure of the training.
func TestNodesTrainWithoutAgent(t *testing.T) {
	thorough(t)
	t.Parallel()
	r := newTraining(t, "a", "b", "c")
	r.allow(3)
	for _, name := range []string{"a", "b", "c"} {
		r.start(name)
	}
	r.reaches("a", 3, 3)
	rec := r.nodes["b"].ps()[0]
	for _, pid := range []int{rec.Agent.Pid, rec.Launcher.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	r.allow(trainEpochs)
	r.ends("a", "c")
	for _, name := range []string{"a", "c"} {
		if out := r.all[name].out.String(); !strings.Contains(out, " of 2 begins after epoch 3\n") {
			t.Errorf("%s did not go on from the checkpoint:\n%s", name, out)
		}
	}
	empty(t, []*node{r.nodes["a"], r.nodes["c"]})
	eventually(t, "nothing runs on b", func() bool { return len(r.nodes["b"].Processes()) == 0 })
}

// Python's torchrun and ours cannot meet: both sides say so, before the join
// timeout.
func TestNodesNotWithPython(t *testing.T) {
	thorough(t)
	t.Parallel()
	python := testpeer.NeedPython(t, "torch", "python3-torch")
	torchrun, err := filepath.Abs("../../bench/torchrun113.py")
	if err != nil {
		t.Fatal(err)
	}
	_, nodes := newNodes(t, "a", "b")
	a, b := nodes[0], nodes[1]
	flags := func(more string) []string {
		return []string{"--nnodes=2", "--rdzv_backend=c10d", "--rdzv_endpoint=a:29400", "--rdzv_conf=join_timeout=600" + more, "--no_python", "/bin/true"}
	}
	for _, n := range nodes {
		n.env = append(n.env, "SLUICE_INSECURE=1")
	}
	theirs := func(n *node, more string) *exec.Cmd {
		cmd := n.Command(t.Context(), python, append([]string{torchrun}, flags(more)...)...)
		cmd.Env = append(n.env, "PYTHONFAULTHANDLER=")
		var said lockedBuffer
		cmd.Stdout, cmd.Stderr = &said, &said
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("Python's torchrun on %s says: %s", n.Name(), clip(said.String()))
			}
		})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}

	// Theirs comes to ours: it ends, and ours says who that was.
	ours := a.start(append([]string{"torchrun"}, flags("")...)...)
	ours.says("waiting: 1 of at least 2 nodes are here")
	cmd := theirs(b, ",is_host=0")
	// First: on a busy machine Python takes its time to get there.
	if err := cmd.Wait(); err == nil {
		t.Error("Python's torchrun has met sluice's")
	}
	ours.says(b.Addr().String() + ":")
	ours.says("was turned away: it is not sluice. Python's torchrun cannot take part")
	ours.Process.Signal(syscall.SIGTERM)
	ours.end()

	// Ours comes to theirs.
	cmd = theirs(a, ",is_host=1")
	defer cmd.Wait()
	defer cmd.Process.Kill()
	up := false
	for late := time.Now().Add(time.Minute); !up && time.Now().Before(late); time.Sleep(100 * time.Millisecond) {
		b.Do(t, func() {
			if c, err := net.Dial("tcp", a.Addr().String()+":29400"); err == nil {
				c.Close()
				up = true
			}
		})
	}
	if !up {
		t.Fatal("torchrun does not listen")
	}
	r := b.run(append([]string{"torchrun"}, flags("")...)...)
	r.says(t, 1, "meeting the other nodes at a:29400: a:29400 is used by something that is not sluice", "as Python's torchrun does")
}
