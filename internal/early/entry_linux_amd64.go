package early

// entry is where the kernel begins with a program that was linked with
//
//	-ldflags '-E github.com/sluicerun/sluice/internal/early.entry'
//
// It does what [start] does, before there is a Go runtime: the agent is then this
// process once more, forked while there is nothing of it, and both become ready
// at once. Every other start is left as it is; so is one in which something is not as
// it mostly is.
func entry()

var _ = entry // only the linker names it

// entered is what entry has started.
var entered struct{ pid, link int32 }

func fromEntry() *Process {
	if entered.pid == 0 {
		return nil
	}
	return &Process{PID: int(entered.pid), Link: int(entered.link)}
}
