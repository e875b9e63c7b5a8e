// Package testslurm runs a Slurm cluster of several nodes on this one machine, for
// tests: real munged, slurmctld and slurmd, in a directory of their own, on ports that
// nobody else has. Only the nodes' names are invented: their host is this one.
package testslurm

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// patience is how long a daemon may take to start or to end, on a busy machine.
const patience = 30 * time.Second

// Cluster is a running Slurm.
type Cluster struct {
	t       testing.TB
	dir     string
	conf    string
	daemons []*daemon
}

// daemon is one of the cluster's servers; done is closed when it has ended.
type daemon struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a cluster with nodes n1, n2, ... of four processors each, and waits
// until they take jobs. The test's cleanup ends its jobs and all of its processes.
func Start(t testing.TB, nodes int) *Cluster {
	t.Helper()
	testpeer.NeedRoot(t, "slurmd starts jobs as their users")
	munged := testpeer.Need(t, "munged", "munge")
	slurmctld := testpeer.Need(t, "slurmctld", "slurmctld")
	slurmd := testpeer.Need(t, "slurmd", "slurmd")
	testpeer.Need(t, "srun", "slurm-wlm")

	// Not the test's own directory: munged's socket has a path of at most 107 bytes.
	dir, err := os.MkdirTemp("", "slurm")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, dir: dir, conf: filepath.Join(dir, "slurm.conf")}
	t.Cleanup(c.stop)
	for _, d := range []string{"munge", "state"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	key := make([]byte, 128)
	rand.Read(key)
	if err := os.WriteFile(c.path("munge/key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.conf, []byte(c.config(nodes)), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run("munged", munged, "--foreground", "--force", "--num-threads=2", "--key-file="+c.path("munge/key"),
		"--socket="+c.path("munge/socket"), "--pid-file="+c.path("munge/pid"), "--seed-file="+c.path("munge/seed"), "--log-file="+c.path("munge/log"))
	c.wait("munged's socket", func() bool {
		_, err := os.Stat(c.path("munge/socket"))
		return err == nil
	})
	c.run("slurmctld", slurmctld, "-D", "-f", c.conf)
	for i := range nodes {
		c.run(nodeName(i), slurmd, "-D", "-f", c.conf, "-N", nodeName(i))
	}
	c.wait("idle nodes", func() bool {
		out, err := c.Command("sinfo", "-h", "-N", "-o", "%T").Output()
		states := strings.Fields(string(out))
		return err == nil && len(states) == nodes && !slices.ContainsFunc(states, func(s string) bool { return s != "idle" })
	})
	return c
}

// Srun is a command line of srun's in this cluster.
func (c *Cluster) Srun(args ...string) *exec.Cmd { return c.Command("srun", args...) }

// Command is a command line of another of Slurm's programs in this cluster: sbatch,
// salloc, scancel, scontrol.
func (c *Cluster) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "SLURM") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, c.confVar())
	return cmd
}

// confVar is in the environment of all processes of the cluster, also of its jobs.
func (c *Cluster) confVar() string { return "SLURM_CONF=" + c.conf }

func (c *Cluster) path(name string) string { return filepath.Join(c.dir, name) }

func nodeName(i int) string { return "n" + strconv.Itoa(i+1) }

// config is slurm.conf. Nothing in it needs a cgroup, a plugin of hardware, or a port
// below 1024.
func (c *Cluster) config(nodes int) string {
	host, err := os.Hostname()
	if err != nil {
		c.t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	ports := testpeer.FreePorts(c.t, nodes+1)
	var b strings.Builder
	fmt.Fprintf(&b, `ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[2]d
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[3]s/munge/socket
StateSaveLocation=%[3]s/state
SlurmctldPidFile=%[3]s/slurmctld.pid
SlurmctldLogFile=%[3]s/slurmctld.log
SlurmdPidFile=%[3]s/slurmd-%%n.pid
SlurmdLogFile=%[3]s/slurmd-%%n.log
SlurmdSpoolDir=%[3]s/spool-%%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
PartitionName=all Nodes=ALL Default=YES State=UP PreemptMode=off
`, host, ports[0], c.dir)
	for i := range nodes {
		fmt.Fprintf(&b, "NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=4 State=UNKNOWN\n", nodeName(i), host, ports[i+1])
	}
	return b.String()
}

// run starts a daemon, which stays in the foreground.
func (c *Cluster) run(name, program string, args ...string) {
	c.t.Helper()
	log, err := os.Create(c.path(name + ".out"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd := c.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	// Of its own group, so that a ^C at the test leaves it to the cleanup.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	d := &daemon{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		cmd.Wait()
	}()
	c.daemons = append(c.daemons, d)
}

// wait polls until what holds, while all daemons live.
func (c *Cluster) wait(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(100 * time.Millisecond) {
		for _, d := range c.daemons {
			select {
			case <-d.done:
				c.t.Fatalf("Slurm's %s ended: %v\n%s", d.name, d.cmd.ProcessState, c.logs())
			default:
			}
		}
		if time.Now().After(end) {
			c.t.Fatalf("waited %s for Slurm's %s\n%s", patience, what, c.logs())
		}
	}
}

// logs is the end of what each daemon has said.
func (c *Cluster) logs() string {
	var b strings.Builder
	for _, pattern := range []string{"*.out", "*.log", "munge/log"} {
		files, _ := filepath.Glob(c.path(pattern))
		for _, f := range files {
			data, _ := os.ReadFile(f)
			fmt.Fprintf(&b, "== %s\n%s\n", filepath.Base(f), data[max(0, len(data)-1500):])
		}
	}
	return b.String()
}

// stop ends the jobs, the daemons from the last to the first, and what is left.
func (c *Cluster) stop() {
	if len(c.daemons) > 2 { // slurmctld is among them
		c.Command("scancel", "--full", "--signal=KILL", "--user=root").Run()
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if out, err := c.Command("squeue", "-h").Output(); err != nil || len(strings.TrimSpace(string(out))) == 0 {
				break
			}
		}
	}
	for _, d := range slices.Backward(c.daemons) {
		d.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-d.done:
		case <-time.After(patience):
			c.t.Errorf("Slurm's %s does not end\n%s", d.name, c.logs())
			d.cmd.Process.Kill()
			<-d.done
		}
	}
	// slurmstepd is nobody's child here.
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		left := c.processes()
		for _, pid := range left {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	if err := os.RemoveAll(c.dir); err != nil {
		c.t.Error(err)
	}
}

// processes are all that have the cluster's configuration in their environment, or
// its directory on their command line.
func (c *Cluster) processes() []int {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		c.t.Error(err)
	}
	var pids []int
	for _, dir := range dirs {
		environ, err := os.ReadFile(dir + "/environ")
		cmdline, errLine := os.ReadFile(dir + "/cmdline")
		if errors.Join(err, errLine) != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if strings.Contains("\x00"+string(environ), "\x00"+c.confVar()+"\x00") || strings.Contains(string(cmdline), c.dir+"/") {
			pids = append(pids, pid)
		}
	}
	return slices.DeleteFunc(pids, func(pid int) bool { return pid == os.Getpid() })
}
