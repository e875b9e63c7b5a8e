package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/topo"
)

// topoOptions are the flags of sluice topo.
type topoOptions struct {
	json    bool
	root    string
	bind    job.Bind
	workers int
	gpus    job.RankSet
	allowed job.CPUList
	ascii   bool
	save    string
}

func newTopo(a *app) *cobra.Command {
	var o topoOptions
	cmd := &cobra.Command{
		Use:   "topo",
		Short: "Show the machine, or where workers would be bound on it",
		Long: `Draw this machine: its sockets, NUMA nodes with their memory, L3 caches, cores
with their CPU numbers, GPUs and network cards.

With --bind, show instead which CPUs each of -n workers would get. Nothing is
started and nothing is bound. A worker's GPU is the visible one whose place is
its local rank: CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER, ROCR_VISIBLE_DEVICES
and HIP_VISIBLE_DEVICES are respected, --gpus chooses by hand.
` + statuses,
		Example: `  sluice topo
  sluice topo --bind exclusive -n 8
  sluice topo --bind node -n 4 --gpus none
  sluice topo --save machine && tar cf machine.tar machine
  sluice topo --root machine --bind auto -n 8`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error { return topoRun(cmd, a, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "as JSON: the machine, or a list of bindings with --bind")
	f.StringVar(&o.root, "root", "/", "the `dir` that holds sys, proc and dev of the machine")
	f.Var(&o.bind, "bind", "what to bind workers to: none, auto, node, socket, exclusive, core-complex, core, l3, or lists such as 0-3:4-7")
	f.Var(&o.bind.Mem, "mem-bind", "where memory of bound workers comes from: none, local, preferred")
	f.BoolVar(&o.bind.Fallback, "bind-fallback", false, "leave workers unbound that cannot be bound as asked")
	f.IntVarP(&o.workers, "workers", "n", 1, "number of workers to bind")
	f.Var(&o.gpus, "gpus", "take these GPUs of the drawing for the visible ones: 0-3, none, all")
	f.Var(&o.allowed, "allowed", "take these CPUs for the allowed ones (default those of this process, or all with --root)")
	f.StringVar(&o.save, "save", "", "copy what there is to know about the machine to a new `DIR`, for --root elsewhere")
	f.BoolVar(&o.ascii, "ascii", false, "draw with plain characters (default where the locale is not UTF-8)")
	return cmd
}

func topoRun(cmd *cobra.Command, a *app, o topoOptions) error {
	planned := cmd.Flags().Changed("bind")
	for _, name := range []string{"workers", "gpus", "allowed", "mem-bind", "bind-fallback"} {
		if !planned && cmd.Flags().Changed(name) {
			return usagef("topo: --%s goes with --bind", name)
		}
	}
	if err := o.bind.Validate(0); err != nil {
		return err
	}
	if o.save != "" {
		return topo.Save(o.root, o.save)
	}
	m, err := topo.Read(o.root)
	if err != nil {
		return usagef("%w", err)
	}
	if planned {
		return topoPlan(a, m, o)
	}
	if o.json {
		return printJSON(a, m)
	}
	opt := topo.DrawOptions{ASCII: o.ascii || !utf8Locale(os.Getenv)}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		opt.Width = w
	}
	return topo.Draw(a.stdout, m, opt)
}

func topoPlan(a *app, m *topo.Machine, o topoOptions) error {
	req := topo.Request{Bind: o.bind, Local: o.workers, Allowed: o.allowed}
	if req.Local < 1 {
		return usagef("topo: -n %d: there is nobody to bind", o.workers)
	}
	// The environment and the mask of this process belong to this machine.
	env, here := os.LookupEnv, o.root == "/"
	if !here {
		env = func(string) (string, bool) { return "", false }
	}
	var doubt string
	if o.gpus.IsZero() {
		req.GPUs, doubt = topo.VisibleGPUs(m, env)
	} else {
		for _, i := range o.gpus.Members(len(m.GPUs)) {
			req.GPUs = append(req.GPUs, m.GPUs[i])
		}
	}
	if doubt != "" {
		fmt.Fprintln(a.stderr, "sluice: "+doubt)
	}
	if here && req.Allowed.IsZero() {
		var err error
		if req.Allowed, err = topo.Allowed(); err != nil {
			return err
		}
	}
	plan, err := topo.Plan(m, req)
	if err != nil {
		return usagef("%w", err)
	}
	if !o.json {
		return topo.DrawPlan(a.stdout, req, plan)
	}
	type row struct {
		LocalRank int       `json:"local_rank"`
		GPU       *topo.GPU `json:"gpu,omitempty"`
		topo.Binding
	}
	rows := make([]row, len(plan))
	for i, b := range plan {
		rows[i] = row{LocalRank: i, Binding: b}
		if i < len(req.GPUs) {
			rows[i].GPU = &req.GPUs[i]
		}
	}
	return printJSON(a, rows)
}

func printJSON(a *app, v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// utf8Locale tells whether the terminal understands UTF-8, by the variable that
// decides (locale(7)).
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
