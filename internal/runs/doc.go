// Package runs keeps the runs of this machine on disk: the run directory with
// its run.json, and the ways from a name that a person types to a directory.
//
// A run started with its own log directory is found through a symbolic link in
// the state directory, so that ps, logs and stop need not be told where it is.
package runs
