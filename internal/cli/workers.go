package cli

import (
	"fmt"
	"runtime"
	"strconv"

	"github.com/sluicerun/sluice/topo"
)

// workersFlag is -n: a number, or what to count.
type workersFlag string

func (w *workersFlag) String() string { return string(*w) }

// Set is the same flag under two names; the later one wins.
func (w *workersFlag) Set(s string) error {
	switch s {
	case "cpu", "gpu", "auto":
		*w = workersFlag(s)
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither a number of at least 1 nor cpu, gpu or auto", s)
	}
	*w = workersFlag(s)
	return nil
}

func (*workersFlag) Type() string { return "N" }

func (w workersFlag) count(lookup func(string) (string, bool)) (int, error) {
	switch w {
	case "":
		return 1, nil
	case "cpu":
		return cpus(), nil
	case "gpu", "auto":
		n, doubt, err := gpus(lookup)
		switch {
		case err != nil:
			return 0, err
		case n > 0:
			return n, nil
		case w == "auto":
			return cpus(), nil
		case doubt != "":
			doubt = ": " + doubt
		}
		return 0, usagef("-n gpu: this machine shows no GPU%s; see: sluice topo", doubt)
	}
	return strconv.Atoi(string(w))
}

// cpus is the number of processors this process may use (its affinity mask).
func cpus() int { return runtime.NumCPU() }

// gpus counts the devices that a CUDA or ROCm program would see. doubt says what
// makes the number uncertain.
func gpus(lookup func(string) (string, bool)) (n int, doubt string, err error) {
	m, err := topo.Read("/")
	if err != nil {
		return 0, "", fmt.Errorf("counting GPUs: %w", err)
	}
	list, doubt := topo.VisibleGPUs(m, lookup)
	return len(list), doubt, nil
}
