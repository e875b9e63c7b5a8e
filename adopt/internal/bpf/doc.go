// Package bpf sees what a process writes by an eBPF program at the end of system
// calls. The process is never stopped, and nothing of it is changed.
//
// The program is assembled here, for it is small, and building it needs no compiler.
// It needs Linux 5.17 (bpf_loop) on amd64 or arm64, and CAP_BPF with CAP_PERFMON.
//
// # How it works
//
// A raw tracepoint at sys_exit runs for every system call of the machine. It goes on
// only for the process that is watched. There the registers still hold the call's
// arguments, so that nothing need be remembered from its beginning: what was in
// the process's memory when a write returned with n > 0 are the n bytes written,
// unless another thread has changed them since. It copies them into a ring buffer in
// pieces, each with a header (record.go), and this package puts the pieces of a
// call together again.
package bpf
