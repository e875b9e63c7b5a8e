package early

// entry is where the kernel begins with a program that was linked with
//
//	-ldflags '-E github.com/sluicerun/sluice/internal/early.entry'
//
// It ends where Go's runtime could not begin: see narrow. In a run it does what [start]
// does, before there is a Go runtime: the agent is then this
// process once more, forked while there is nothing of it, and both become ready
// at once. Every other start is left as it is; so is one in which something is not as
// it mostly is.
func entry()

var _, _ = entry, narrow // only the linker and the assembler name them

// narrow is said where the address space is limited to less than 768 MB: Go's runtime
// reserves that much, and without it dumps its stacks.
var narrow = "sluice: the limit on virtual memory is less than 768 MB, which sluice itself needs\n" +
	"  raise it (ulimit -v unlimited) and limit the workers alone: sluice run --rlimit as=BYTES\n"

// entered is what entry has started.
var entered struct{ pid, link int32 }

func fromEntry() *Process {
	if entered.pid == 0 {
		return nil
	}
	return &Process{PID: int(entered.pid), Link: int(entered.link)}
}
