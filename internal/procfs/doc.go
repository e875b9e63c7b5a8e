// Package procfs reads the files that the kernel keeps for each process under
// /proc (proc(5)): the parsers, and the ways to the files below a root that tests
// may replace by a packed tree.
package procfs
