package scheduler

import (
	"strconv"

	"github.com/sluicerun/sluice/job"
)

// noEndpoint is said of launchers that tell their processes nothing of each other.
const noEndpoint = " does not tell where node 0 is: give --rendezvous HOST:PORT, with a host that is one of the job's"

// openMPI reads what mpirun of Open MPI (orted, PRRTE) sets.
func openMPI(e env) (*Found, error) {
	if !e.has("OMPI_COMM_WORLD_SIZE") {
		return nil, nil
	}
	f, err := mpi(e, "Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
		"mpirun --map-by ppr:1:node sluice run -n WORKERS ...")
	if err != nil {
		return nil, err
	}
	if id := e.text("PMIX_NAMESPACE"); id != "" {
		f.RunID = "ompi-" + id
	}
	return f, nil
}

// hydra reads what mpiexec of MPICH and of Intel MPI sets.
func hydra(e env) (*Found, error) {
	if !e.has("MPI_LOCALNRANKS") {
		return nil, nil
	}
	return mpi(e, "PMI", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS", "mpiexec -ppn 1 sluice run -n WORKERS ...")
}

// pmi reads the two variables that every launcher with PMI-1 or PMI-2 sets. How many
// processes it has started per node they do not tell.
func pmi(e env) (*Found, error) {
	if !e.has("PMI_SIZE") && !e.has("PMI_RANK") {
		return nil, nil
	}
	size, err := e.number("PMI", "PMI_SIZE", 1)
	if err != nil {
		return nil, err
	}
	if size > 1 {
		return nil, &job.UsageError{Field: "PMI_SIZE", Value: strconv.Itoa(size),
			Why:  "a launcher has started several of us, and does not tell how many on each node",
			Hint: "start one per node and " + byHand}
	}
	return &Found{Source: "PMI", Nodes: 1, MinNodes: 1}, nil
}

func mpi(e env, source, sizeVar, rankVar, localVar, command string) (*Found, error) {
	size, err := e.number(source, sizeVar, 1)
	if err != nil {
		return nil, err
	}
	rank, err := e.number(source, rankVar, 0)
	if err != nil {
		return nil, err
	}
	local, err := e.number(source, localVar, 1)
	if err != nil {
		return nil, err
	}
	if err := e.within(rankVar, rank, sizeVar, size); err != nil {
		return nil, err
	}
	if local > 1 {
		return nil, severalPerNode(localVar, e.text(localVar), local, command)
	}
	f := &Found{Source: source, Nodes: size, MinNodes: size, NodeRank: rank}
	if size > 1 {
		f.Hint = source + noEndpoint
	}
	return f, nil
}

// severalPerNode is the error of a launcher that was asked for one process per worker:
// workers are for sluice to start.
func severalPerNode(field, value string, n int, command string) error {
	return &job.UsageError{Field: field, Value: value,
		Why:  "this node has " + strconv.Itoa(n) + " of us, and one starts all the workers of its node",
		Hint: "start one per node: " + command}
}
