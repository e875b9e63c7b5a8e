// Package ptrace stops a process that runs already, has it make system calls of ours,
// and follows what it writes. Afterwards the process is as if nothing had been: no
// signal is lost or doubled, no system call of its own fails that would not have
// failed, one that was stopped stays stopped.
//
// A tracer is an OS thread, not a process (ptrace(2)): each function here has one of
// its own, which ends with the function. What is still attached then, the kernel lets
// go; so no way out leaves a process behind that is traced.
//
// Linux on amd64 and arm64; elsewhere the functions return errors.ErrUnsupported.
package ptrace
