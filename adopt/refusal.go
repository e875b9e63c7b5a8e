package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Right is a right that may be missing.
type Right string

// The rights.
const (
	RightUser       Right = "user"       // to be the same user, or root
	RightYama       Right = "yama"       // kernel.yama.ptrace_scope
	RightDumpable   Right = "dumpable"   // the process has made itself private
	RightNamespace  Right = "namespace"  // it is in another namespace
	RightSeccomp    Right = "seccomp"    // a filter forbids the system call
	RightCapability Right = "capability" // a capability is not there
	RightTracer     Right = "tracer"     // another traces it already
	RightKernel     Right = "kernel"     // this kernel cannot, or is set not to
	RightKind       Right = "kind"       // what is there is not of a kind that allows it
	RightForce      Right = "force"      // it is possible, and has to be asked for
)

// Refusal is that something may not be done, or cannot be.
type Refusal struct {
	What  string // what was to be done, to whom
	Right Right  // that is missing
	Why   string
	Fix   string // what would give it; may be empty
	Err   error  // the kernel's, if it was asked
}

func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.What, r.Why)
	if r.Fix != "" {
		b.WriteString("\n  " + r.Fix)
	}
	return b.String()
}

func (r *Refusal) Unwrap() error { return r.Err }

// refuse explains an error of the kernel's: doing is what was being done, without
// the process, such as "tracing".
func (p *Process) refuse(doing string, err error) error {
	if err == nil || errors.Is(err, ErrGone) || !errors.Is(err, fs.ErrPermission) {
		if err != nil {
			err = fmt.Errorf("%s %v: %w", doing, p, err)
		}
		return err
	}
	r := p.MayAttach()
	if r == nil {
		r = &Refusal{Right: RightSeccomp, Why: "the kernel does not permit it, and none of the reasons that can be seen from here holds: a security module or a seccomp filter may"}
	}
	r.What, r.Err = fmt.Sprintf("%s %v", doing, p), err
	return r
}
