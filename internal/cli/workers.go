package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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

func (w workersFlag) count(getenv func(string) string) (int, error) {
	switch w {
	case "":
		return 1, nil
	case "cpu":
		return cpus(), nil
	case "gpu":
		n := gpus(getenv)
		if n == 0 {
			return 0, usagef("-n gpu: this machine shows no NVIDIA GPU (no /dev/nvidia0, or CUDA_VISIBLE_DEVICES hides them)")
		}
		return n, nil
	case "auto":
		if n := gpus(getenv); n > 0 {
			return n, nil
		}
		return cpus(), nil
	}
	return strconv.Atoi(string(w))
}

// cpus is the number of processors this process may use (its affinity mask).
func cpus() int { return runtime.NumCPU() }

// gpus counts the NVIDIA devices that a CUDA program would see. A list in
// CUDA_VISIBLE_DEVICES ends at the first entry that names no device.
func gpus(getenv func(string) string) int {
	nodes, _ := filepath.Glob("/dev/nvidia[0-9]*")
	visible, set := os.LookupEnv("CUDA_VISIBLE_DEVICES")
	if v := getenv("CUDA_VISIBLE_DEVICES"); v != "" {
		visible, set = v, true
	}
	if !set {
		return len(nodes)
	}
	n := 0
	for _, e := range strings.Split(visible, ",") {
		e = strings.TrimSpace(e)
		if strings.HasPrefix(e, "GPU-") || strings.HasPrefix(e, "MIG-") {
			n++
			continue
		}
		if i, err := strconv.Atoi(e); err != nil || i < 0 || i >= len(nodes) {
			break
		}
		n++
	}
	return n
}
