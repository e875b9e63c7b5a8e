package scheduler

import (
	"strconv"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// Found is what a batch system or launcher has told this process about the job's nodes.
type Found struct {
	// Source is who told it, as people call it: "Slurm", "Kubernetes Indexed Job",
	// "JobSet", "Kubeflow (PET_*)", "Open MPI", "PMI"; NodesVar if only that is set.
	Source string
	// Nodes is how many agents there are, at most, and MinNodes at least: less than
	// Nodes only if the job says so ("1:4"). Both are 0 where it is not told.
	Nodes, MinNodes int
	// NodeRank is which of them this is, -1 where it is not told.
	NodeRank int
	// Endpoint is the host of node 0 as the scheduler names it, with ":port" where it
	// tells one too; "" where it is not told.
	Endpoint string
	// RunID is the job's id, with its step and restart where that makes it unique; it
	// is the same on every node. "" where none is told.
	RunID string
	// Hint says what to give by hand where Nodes is 0, or Endpoint is "" and Nodes is
	// not 1; else it is "".
	Hint string
}

// runVar is in the environment of every worker. What such a one finds of the variables
// below is its agent's: of the dialects it was started with, or inherited.
const runVar = "SLUICE_RUN"

// NodesVar tells the number of nodes, N or MIN:MAX, where the scheduler does not, and
// where there is none.
const NodesVar = "SLUICE_NODES"

// Detect asks the environment. nil, nil means that nobody has told anything. names
// gives the names of this machine, the host name first (MachineNames); only pods are
// asked for them. Errors are a *job.UsageError with a variable as field: variables that
// contradict each other or of which some are missing.
func Detect(lookup func(string) (string, bool), names func() []string) (*Found, error) {
	e := env{lookup}
	if e.text(runVar) != "" {
		return nil, nil
	}
	// mpirun in a Slurm job starts its daemons by srun: the processes see variables of
	// a step that is not theirs. So MPI's launchers come first.
	for _, ask := range []func(env) (*Found, error){openMPI, hydra} {
		if f, err := ask(e); f != nil || err != nil {
			return f, err
		}
	}
	batch, err := slurm(e)
	if err != nil {
		return nil, err
	}
	pet, err := kubeflow(e)
	if err != nil {
		return nil, err
	}
	if batch != nil && pet != nil && batch.Nodes != pet.Nodes {
		return nil, &job.UsageError{Field: "PET_NNODES", Value: e.text("PET_NNODES"),
			Why:  "Slurm says that there are " + strconv.Itoa(batch.Nodes) + " nodes",
			Hint: "unset PET_NNODES, or give the number to srun: srun -N " + strconv.Itoa(pet.Nodes) + " ..."}
	}
	if batch != nil {
		return batch, nil
	}
	if pet != nil {
		return pet, nil
	}
	for _, ask := range []func(env) (*Found, error){func(e env) (*Found, error) { return kubernetes(e, names) }, pmi} {
		if f, err := ask(e); f != nil || err != nil {
			return f, err
		}
	}
	return told(e)
}

// told is what a person has set who starts us on each machine without a scheduler.
func told(e env) (*Found, error) {
	if !e.has(NodesVar) {
		return nil, nil
	}
	f := &Found{Source: NodesVar, NodeRank: -1}
	var err error
	if f.MinNodes, f.Nodes, err = e.span(NodesVar); err != nil {
		return nil, err
	}
	if f.Nodes > 1 {
		f.Hint = NodesVar + " is " + e.text(NodesVar) + ", so say where the machines meet, with the same words on all of them: --rendezvous HOST:PORT, HOST being one of them (or --nodes 1 for this machine alone)"
	}
	return f, nil
}

// env reads variables. One that is set to nothing counts as not set.
type env struct {
	lookup func(string) (string, bool)
}

func (e env) text(name string) string {
	v, _ := e.lookup(name)
	return strings.TrimSpace(v)
}

func (e env) has(name string) bool { return e.text(name) != "" }

// number reads a variable that must be there, a whole number of at least low.
func (e env) number(source, name string, low int) (int, error) {
	v := e.text(name)
	if v == "" {
		return 0, &job.UsageError{Field: name, Why: "it is not set, though other variables of " + source + " are", Hint: byHand}
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > maxNodes {
		return 0, &job.UsageError{Field: name, Value: v, Why: "not a whole number of " + strconv.Itoa(low) + " or more (or out of bounds)", Hint: byHand}
	}
	return n, nil
}

// maxNodes bounds every count: more than any cluster has.
const maxNodes = 1 << 17

// byHand is the way out where the environment cannot be understood.
const byHand = "give --nodes and --rendezvous HOST:PORT; --nodes 1 runs on this machine alone"

// span reads a number of nodes, N or MIN:MAX.
func (e env) span(name string) (low, high int, err error) {
	v := e.text(name)
	low, high, ok := job.ParseSpan(v)
	if !ok || high > maxNodes {
		return 0, 0, &job.UsageError{Field: name, Value: v, Why: "not a number of nodes", Hint: "N or MIN:MAX, as 4 or 2:4"}
	}
	return low, high, nil
}

// within checks a rank that a variable gave against a count that another gave.
func (e env) within(rankVar string, rank int, countVar string, count int) error {
	if rank < count {
		return nil
	}
	return &job.UsageError{Field: rankVar, Value: strconv.Itoa(rank),
		Why:  "there is no such node: " + countVar + " is " + e.text(countVar) + ", and they count from 0",
		Hint: "make " + countVar + " the number of nodes that are started"}
}
