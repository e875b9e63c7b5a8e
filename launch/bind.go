package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/topo"
)

// planBindings decides, before anything is made, where each local rank runs.
func (h *Handle) planBindings() error {
	b := h.spec.Bind
	if !b.Binds() {
		return nil
	}
	plan, err := h.bindings()
	if err != nil {
		return &job.UsageError{Field: "bind", Value: b.String(), Why: err.Error()}
	}
	h.bound = plan
	return nil
}

func (h *Handle) bindings() ([]topo.Binding, error) {
	root, here := h.opt.Machine, false
	if root == "" {
		root, here = "/", true
	}
	m, err := topo.Read(root)
	if err != nil {
		return nil, err
	}
	req := topo.Request{Bind: h.spec.Bind, Local: h.spec.Size()}
	if here {
		if req.Allowed, err = topo.Allowed(); err != nil {
			return nil, err
		}
	}
	var doubt string
	req.GPUs, doubt = topo.VisibleGPUs(m, h.lookupEnv)
	if doubt != "" {
		h.doubts = append(h.doubts, doubt)
	}
	return topo.Plan(m, req)
}

// lookupEnv is the environment that the workers will have, less what ranks are
// given.
func (h *Handle) lookupEnv(key string) (string, bool) {
	for i := len(h.spec.Env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(h.spec.Env[i], key+"="); ok {
			return v, true
		}
	}
	if h.opt.Machine != "" {
		return "", false // our own environment is about this machine's devices
	}
	for _, kv := range h.opt.Environ {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			return v, true
		}
	}
	return "", false
}

// bind puts a local rank's binding into its command.
func (h *Handle) bind(local int, c *proc.Cmd) {
	if local >= len(h.bound) {
		return
	}
	b := h.bound[local]
	if b.CPUs.IsZero() {
		return
	}
	c.CPUs = slices.Collect(b.CPUs.All())
	switch b.MemMode {
	case job.MemLocal:
		c.Mem = proc.MemPolicy{Mode: "bind", Nodes: b.MemNodes}
	case job.MemPreferred:
		c.Mem = proc.MemPolicy{Mode: "preferred", Nodes: b.MemNodes}
	}
}

// boundWords is the plan for a local rank, or nothing where none was asked for.
func (h *Handle) boundWords(local int) string {
	if local >= len(h.bound) {
		return ""
	}
	b := h.bound[local]
	if b.CPUs.IsZero() {
		return b.Why
	}
	text := "CPUs " + b.CPUs.String()
	if b.MemMode != "" && b.MemMode != job.MemNone {
		text += fmt.Sprintf(", memory of node %s (%s)", joinInts(b.MemNodes), b.MemMode)
	}
	return text + ": " + b.Why
}

func kernelWords(b proc.Bound) string {
	text := fmt.Sprintf("CPUs %v, memory of node %v", job.CPUs(b.CPUs...), job.CPUs(b.Mems...))
	if b.Policy != "" && b.Policy != "default" {
		text += fmt.Sprintf(" (%s %v)", b.Policy, job.CPUs(b.PolicyNodes...))
	}
	return text
}

func joinInts(n []int) string {
	texts := make([]string, len(n))
	for i, v := range n {
		texts[i] = itoa(v)
	}
	return strings.Join(texts, ",")
}

// reportBinding tells what the kernel itself says a worker is bound to: a plan
// is no proof.
func (h *Handle) reportBinding(w *worker) {
	if !h.spec.Bind.Report {
		return
	}
	b, err := proc.BoundTo("/", w.out.PID)
	if err != nil {
		h.note(fmt.Sprintf("rank %d: what it is bound to cannot be read: %v", w.rank, err))
		return
	}
	text := fmt.Sprintf("rank %d (pid %d): %s", w.rank, w.out.PID, kernelWords(b))
	if w.local < len(h.bound) {
		text += ": " + h.bound[w.local].Why
	}
	h.note(text)
}
