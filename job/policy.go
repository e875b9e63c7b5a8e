package job

// Std is a set of output streams in torchrun's digits.
type Std uint8

const (
	None Std = 0
	Out  Std = 1
	Err  Std = 2
	All  Std = Out | Err
)

// Dialect is the set of variables one launcher gives its workers.
type Dialect string

const (
	DialectTorch Dialect = "torch" // RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR, ...
	DialectOMPI  Dialect = "ompi"  // OMPI_COMM_WORLD_RANK, ...
	DialectPMI   Dialect = "pmi"   // PMI_RANK, PMI_SIZE, MPI_LOCALRANKID, ...
	DialectSlurm Dialect = "slurm" // SLURM_PROCID, SLURM_NTASKS, ...
	DialectNone  Dialect = "none"  // nothing; excludes the others
)

// Rlimit is one resource limit by its shell name (nofile, core, as, ...).
// Infinity is RlimInfinity.
type Rlimit struct {
	Name string `json:"name"`
	Soft uint64 `json:"soft"`
	Hard uint64 `json:"hard"`
}

// RlimInfinity means no limit.
const RlimInfinity = ^uint64(0)

// FailurePolicy says what a worker's failure does to the gang.
type FailurePolicy struct {
	Mode FailureMode `json:"mode,omitempty"`
	// Count stops the gang at that many failures, Percent at that share of
	// the workers (FailureStopWhen). One of them is set.
	Count   int `json:"count,omitempty"`
	Percent int `json:"percent,omitempty"`
}

type FailureMode string

const (
	FailureStop     FailureMode = "stop" // the default: the first failure stops the gang
	FailureContinue FailureMode = "continue"
	FailureStopWhen FailureMode = "stop-when"
)

// ExitCodePolicy chooses the run's exit status among its workers'.
type ExitCodePolicy string

const (
	ExitFirst      ExitCodePolicy = "first"       // the first failure's status (the default)
	ExitMax        ExitCodePolicy = "max"         // the highest status
	ExitLowestRank ExitCodePolicy = "lowest-rank" // the lowest failed rank's
	ExitAny        ExitCodePolicy = "any"         // 1 if any failed
	ExitCount      ExitCodePolicy = "count"       // how many failed, at most 101
)

// FullPolicy is what happens to a tee'd stream when the disk is full.
type FullPolicy string

const (
	FullBlock FullPolicy = "block" // the worker waits (the default)
	FullDrop  FullPolicy = "drop"  // bytes are dropped and counted
	FullStop  FullPolicy = "stop"  // the gang is stopped
)

// DeathPolicy is what happens to the gang when the launcher is killed.
type DeathPolicy string

const (
	DeathStop DeathPolicy = "stop" // it is stopped (the default)
	DeathKeep DeathPolicy = "keep" // it goes on; `sluice resume` takes it over
)
