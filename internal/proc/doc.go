// Package proc starts one process and owns it from before exec to after its
// last grandchild: why it could not start, its exit without stealing anybody's
// status, its group, its cgroup, what escaped, what the kernel killed.
//
// The order of a worker's life is
//
//	LookPath, Check           before anything is started, once per command
//	Spawner.Start             exec has succeeded when it returns
//	Process.Exited, Status    the leader has ended and is still a zombie
//	SignalGroup, Cgroup.Kill  what it left behind
//	Process.Reap              only now may the kernel reuse the pid
//
// A leader stays unreaped until its group is dead because the zombie pins the
// pid, and with it the process group's number: nobody else can be hit.
//
// Functions that read /proc or /sys take the root directory ("/" normally), so
// that packed trees of other machines can stand in for it.
//
// Only Linux is supported. Elsewhere everything compiles and says so.
package proc
