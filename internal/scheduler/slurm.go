package scheduler

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// firstSpecial is where Slurm's ids of steps begin that srun did not make: the batch
// script, an interactive shell, what is not yet known (slurm.h: SLURM_BATCH_SCRIPT,
// SLURM_INTERACTIVE_STEP, ...).
const firstSpecial = 0xfffffff0

// slurm reads what srun, sbatch and salloc set.
func slurm(e env) (*Found, error) {
	id := e.first("SLURM_JOB_ID", "SLURM_JOBID")
	if id == "" {
		return nil, nil
	}
	if size := e.text("SLURM_HET_SIZE"); size != "" && size != "1" {
		return nil, &job.UsageError{Field: "SLURM_HET_SIZE", Value: size,
			Why: "each component of a heterogeneous job has a job id and nodes of its own", Hint: byHand}
	}
	step := e.first("SLURM_STEP_ID", "SLURM_STEPID")
	if n, err := strconv.ParseUint(step, 10, 32); step == "" || err == nil && n >= firstSpecial {
		return slurmAllocation(e, id)
	} else if err != nil {
		return nil, &job.UsageError{Field: "SLURM_STEP_ID", Value: step, Why: "not the number of a step", Hint: byHand}
	}
	return slurmStep(e, id, step)
}

// slurmAllocation is for a process that srun did not start, in a batch script or the
// shell of salloc: it is one, however many nodes the job has.
func slurmAllocation(e env, id string) (*Found, error) {
	countVar := "SLURM_JOB_NUM_NODES"
	if !e.has(countVar) {
		countVar = "SLURM_NNODES"
	}
	nodes, err := e.number("Slurm", countVar, 1)
	if err != nil {
		return nil, err
	}
	if nodes > 1 {
		return nil, &job.UsageError{Field: countVar, Value: strconv.Itoa(nodes),
			Why:  "the job has several nodes, and this would run on one",
			Hint: "run it with srun: srun --ntasks-per-node=1 sluice run -n WORKERS ... (or --nodes 1 for this node alone)"}
	}
	return &Found{Source: "Slurm", Nodes: 1, MinNodes: 1, RunID: e.slurmRun(id, "")}, nil
}

// slurmStep is for a task that srun started.
func slurmStep(e env, id, step string) (*Found, error) {
	nodes, err := e.number("Slurm", "SLURM_STEP_NUM_NODES", 1)
	if err != nil {
		return nil, err
	}
	rank, err := e.number("Slurm", "SLURM_NODEID", 0)
	if err != nil {
		return nil, err
	}
	if err := e.within("SLURM_NODEID", rank, "SLURM_STEP_NUM_NODES", nodes); err != nil {
		return nil, err
	}
	const command = "srun --ntasks-per-node=1 sluice run -n WORKERS ..."
	// The list tells of the other nodes too: all of them stop for one that has two.
	if v := e.text("SLURM_STEP_TASKS_PER_NODE"); v != "" {
		perNode, err := parseRepeats(v)
		if err != nil {
			return nil, &job.UsageError{Field: "SLURM_STEP_TASKS_PER_NODE", Value: v, Why: err.Error(), Hint: byHand}
		}
		if len(perNode) != nodes {
			return nil, &job.UsageError{Field: "SLURM_STEP_TASKS_PER_NODE", Value: v,
				Why: fmt.Sprintf("it is of %d nodes, and SLURM_STEP_NUM_NODES is %d", len(perNode), nodes), Hint: byHand}
		}
		if n := slices.Max(perNode); n > 1 {
			return nil, severalPerNode("SLURM_STEP_TASKS_PER_NODE", v, n, command)
		}
	}
	tasksVar := "SLURM_STEP_NUM_TASKS"
	if !e.has(tasksVar) {
		tasksVar = "SLURM_NTASKS"
	}
	tasks, err := e.number("Slurm", tasksVar, 1)
	if err != nil {
		return nil, err
	}
	if tasks != nodes {
		return nil, &job.UsageError{Field: tasksVar, Value: strconv.Itoa(tasks),
			Why: fmt.Sprintf("the step has %d nodes, and one of us belongs on each", nodes), Hint: "start one per node: " + command}
	}
	f := &Found{Source: "Slurm", Nodes: nodes, MinNodes: nodes, NodeRank: rank, RunID: e.slurmRun(id, step)}
	f.Endpoint, err = e.slurmFirstNode(nodes, rank)
	return f, err
}

// slurmFirstNode is the name of the step's node 0.
func (e env) slurmFirstNode(nodes, rank int) (string, error) {
	listVar := "SLURM_STEP_NODELIST"
	if !e.has(listVar) {
		listVar = "SLURM_NODELIST"
	}
	v := e.text(listVar)
	if v == "" {
		return "", &job.UsageError{Field: listVar, Why: "it is not set, though other variables of Slurm are", Hint: byHand}
	}
	list, err := parseHostlist(v)
	if err != nil {
		return "", &job.UsageError{Field: listVar, Value: v, Why: err.Error(), Hint: byHand}
	}
	if len(list) != nodes {
		return "", &job.UsageError{Field: listVar, Value: v,
			Why: fmt.Sprintf("it names %d nodes, and SLURM_STEP_NUM_NODES is %d", len(list), nodes), Hint: byHand}
	}
	// Where the list has another order than the ranks, its first is not node 0.
	if name := e.text("SLURMD_NODENAME"); name != "" && name != list[rank] {
		return "", &job.UsageError{Field: "SLURMD_NODENAME", Value: name,
			Why: fmt.Sprintf("SLURM_NODEID is %d, and that one of %s is %s", rank, listVar, list[rank]), Hint: byHand}
	}
	return list[0], nil
}

// slurmRun is the run's id: a job that was requeued has another.
func (e env) slurmRun(id, step string) string {
	run := "slurm-" + id
	if step != "" {
		run += "." + step
	}
	if n := e.text("SLURM_RESTART_COUNT"); n != "" && n != "0" {
		run += "-r" + n
	}
	return run
}

// first is the first of the variables that is set: Slurm has two names for some.
func (e env) first(names ...string) string {
	for _, name := range names {
		if v := e.text(name); v != "" {
			return v
		}
	}
	return ""
}

// parseRepeats reads "2(x3),1": one number per node.
func parseRepeats(s string) ([]int, error) {
	var out []int
	for _, item := range strings.Split(s, ",") {
		count, rest, repeated := strings.Cut(item, "(x")
		times := 1
		n, err := strconv.Atoi(count)
		if err == nil && repeated {
			var closed bool
			if rest, closed = strings.CutSuffix(rest, ")"); !closed {
				return nil, fmt.Errorf("%q has no end", item)
			}
			times, err = strconv.Atoi(rest)
		}
		if err != nil || n < 0 || times < 1 || times > maxNodes || len(out)+times > maxNodes {
			return nil, fmt.Errorf("%q is not a count per node", item)
		}
		out = append(out, slices.Repeat([]int{n}, times)...)
	}
	return out, nil
}
