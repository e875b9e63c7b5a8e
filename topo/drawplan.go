package topo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// DrawPlan shows the plan that Plan made of req, a line for each local rank.
func DrawPlan(w io.Writer, req Request, plan []Binding) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "RANK\tGPU\tCPUS\tMEMORY\tWHY")
	for rank, b := range plan {
		gpu, cpus, mem := "-", "any", "any"
		if rank < len(req.GPUs) {
			gpu = shortAddress(req.GPUs[rank].Address)
			if gpu == "" {
				gpu = fmt.Sprint(rank)
			}
		}
		if !b.CPUs.IsZero() {
			cpus = b.CPUs.String()
		}
		if len(b.MemNodes) > 0 {
			mem = fmt.Sprintf("%s %s", b.MemMode, strings.Trim(strings.ReplaceAll(fmt.Sprint(b.MemNodes), " ", ","), "[]"))
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\n", rank, gpu, cpus, mem, oneLine(b.Why))
	}
	return t.Flush()
}
