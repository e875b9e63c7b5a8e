package launch

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/job"
	"golang.org/x/sys/unix"
)

// environ builds the workers' environments. The parts that all ranks share are
// made once: a gang of thousands would otherwise spend its start on it.
type environ struct {
	base     []string // inherited, less what is set below
	own      []string // the user's own entries
	ownKeys  map[string]bool
	spec     *job.Spec
	dialects []job.Dialect
	run      string
	socket   string
	host     string

	masterAddr, masterPort string
	devices                string // CUDA_VISIBLE_DEVICES
	devicesSet             bool
	ncclAsync              string
}

func newEnviron(spec *job.Spec, inherited []string, run, socket, host string) *environ {
	e := &environ{spec: spec, run: run, socket: socket, host: host, ownKeys: map[string]bool{}}
	e.dialects = spec.Dialects
	if e.dialects == nil {
		e.dialects = []job.Dialect{job.DialectTorch}
	}
	for _, kv := range spec.Env {
		k, _, _ := strings.Cut(kv, "=")
		e.ownKeys[k] = true
	}
	// The last entry for a key wins.
	seen := map[string]bool{}
	for _, kv := range slices.Backward(spec.Env) {
		if k, _, _ := strings.Cut(kv, "="); !seen[k] {
			seen[k] = true
			e.own = append(e.own, kv)
		}
	}
	slices.Reverse(e.own)
	has := map[string]string{}
	for _, kv := range inherited {
		k, v, _ := strings.Cut(kv, "=")
		if _, dup := has[k]; dup {
			continue
		}
		has[k] = v
		if spec.Pty != nil && (k == "TERM" || k == "LINES" || k == "COLUMNS") {
			continue // they are about another terminal
		}
		if !e.ownKeys[k] && !strings.HasPrefix(k, "_SLUICE_") {
			e.base = append(e.base, kv)
		}
	}
	// Workers write to pipes and files, where Python would keep its output
	// back in blocks of 8 KiB.
	if _, set := has["PYTHONUNBUFFERED"]; !set && !e.ownKeys["PYTHONUNBUFFERED"] && spec.Pty == nil {
		e.base = append(e.base, "PYTHONUNBUFFERED=1")
	}
	e.masterAddr, e.masterPort = has["MASTER_ADDR"], has["MASTER_PORT"]
	if t := spec.Torch; t != nil {
		// torchrun has flags for these, and does not look at the environment.
		e.masterAddr, e.masterPort = t.MasterAddr, ""
		if t.MasterPort > 0 {
			e.masterPort = strconv.Itoa(t.MasterPort)
		}
	}
	e.devices, e.devicesSet = has["CUDA_VISIBLE_DEVICES"]
	if e.ncclAsync = has["TORCH_NCCL_ASYNC_ERROR_HANDLING"]; e.ncclAsync == "" {
		e.ncclAsync = "1"
	}
	return e
}

// attempt chooses what differs between attempts: a free port for the workers
// to meet on, unless the environment names one.
func (e *environ) attempt() (addr, port string) {
	addr, port = e.masterAddr, e.masterPort
	if addr == "" {
		addr = "127.0.0.1"
	}
	if port == "" {
		port = freePort()
	}
	return addr, port
}

// freePort asks the kernel for a port that nobody uses now. Somebody may take
// it before rank 0 binds it; the kernel hands out ports in an order that makes
// this rare.
func freePort() string {
	const torchDefault = "29500"
	// By hand: package net would first find out what the machine can do.
	syscall.ForkLock.RLock() // no worker shall inherit it
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return torchDefault
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return torchDefault
	}
	sa, err := unix.Getsockname(fd)
	if in, ok := sa.(*unix.SockaddrInet4); err == nil && ok {
		return strconv.Itoa(in.Port)
	}
	return torchDefault
}

// worker is the environment of one local rank in its life-th life, which starts
// its group for the restarts-th time anew.
func (e *environ) worker(local, life, restarts int, dir string, at Place) ([]string, error) {
	n := e.spec.Workers
	set := make([]string, 0, 32)
	add := func(k, v string) {
		if !e.ownKeys[k] {
			set = append(set, k+"="+v)
		}
	}
	r, size := strconv.Itoa(at.Base+local), strconv.Itoa(at.Size)
	localRank, localSize := strconv.Itoa(local), strconv.Itoa(n)
	for _, d := range e.dialects {
		switch d {
		case job.DialectTorch:
			if err := e.torch(add, local, restarts, dir, at); err != nil {
				return nil, err
			}
		case job.DialectOMPI:
			add("OMPI_COMM_WORLD_RANK", r)
			add("OMPI_COMM_WORLD_SIZE", size)
			add("OMPI_COMM_WORLD_LOCAL_RANK", localRank)
			add("OMPI_COMM_WORLD_LOCAL_SIZE", localSize)
			add("OMPI_COMM_WORLD_NODE_RANK", localRank)
			add("OMPI_UNIVERSE_SIZE", size)
		case job.DialectPMI:
			add("PMI_RANK", r)
			add("PMI_SIZE", size)
			add("PMI_ID", r)
			add("MPI_LOCALRANKID", localRank)
			add("MPI_LOCALNRANKS", localSize)
		case job.DialectSlurm:
			add("SLURM_PROCID", r)
			add("SLURM_LOCALID", localRank)
			add("SLURM_NODEID", strconv.Itoa(at.Group))
			add("SLURM_NTASKS", size)
			add("SLURM_NPROCS", size)
			add("SLURM_NNODES", strconv.Itoa(at.Groups))
			add("SLURM_TASKS_PER_NODE", localSize)
			add("SLURM_NODELIST", e.host)
			add("SLURM_LAUNCH_NODE_IPADDR", at.MasterAddr)
		}
	}
	if p := e.spec.Pty; p != nil {
		add("TERM", p.Terminal())
	}
	add("SLUICE_RUN", e.run)
	add("SLUICE_RANK", r)
	add("SLUICE_ATTEMPT", strconv.Itoa(life))
	if e.socket != "" {
		add("SLUICE_SOCKET", e.socket)
	}
	keys := make(map[string]bool, len(set))
	for _, kv := range set {
		k, _, _ := strings.Cut(kv, "=")
		keys[k] = true
	}
	out := make([]string, 0, len(e.base)+len(set)+len(e.own))
	for _, kv := range e.base {
		if k, _, _ := strings.Cut(kv, "="); !keys[k] {
			out = append(out, kv)
		}
	}
	return append(append(out, set...), e.own...), nil
}

// added lists the entries of a rank's environment that are not simply
// inherited; for --dry-run.
func (e *environ) added(env []string) []string {
	inherited := map[string]bool{}
	for _, kv := range os.Environ() {
		inherited[kv] = true
	}
	var out []string
	for _, kv := range env {
		if !inherited[kv] {
			out = append(out, kv)
		}
	}
	return out
}
