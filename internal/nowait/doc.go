// Package nowait reads and writes non-blocking descriptors without telling Go's
// runtime of the system call.
//
// The runtime is told of system calls because they may take long, and makes ready
// for that: the first one after a pause wakes a thread of its own, which costs
// more than the call and delays what the call is for, a key and its echo. So
// these are for terminals, sockets and pipes that are non-blocking, and for
// nothing that may wait for a disk: while a call lasts the goroutine keeps its
// processor, and a garbage collection waits for it.
package nowait
