// Package scheduler reads from the environment what a batch system or a launcher has
// told this process about the job's nodes: Slurm, Kubernetes (Indexed Job, JobSet,
// Kubeflow), Open MPI and launchers that speak PMI.
//
// Each starts the same command once per node, and this is how the command learns that
// it is one of several. Where what it is told does not add up, that is an error: the
// other way out, a world of its own on every node, is a job that seems to work.
// Who knows better says so by flags, and does not ask this package then.
package scheduler
