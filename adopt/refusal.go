package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
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
	What  string `json:"what"`  // what was to be done, to whom
	Right Right  `json:"right"` // that is missing
	Why   string `json:"why"`
	Fix   string `json:"fix,omitempty"` // what would give it
	// Others are why it cannot be done in other ways either.
	Others []*Refusal `json:"others,omitempty"`
	Err    error      `json:"-"` // the kernel's, if it was asked
}

func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.What, r.Why)
	if r.Fix != "" {
		b.WriteString("\n  " + r.Fix)
	}
	for _, other := range r.Others {
		b.WriteString("\n" + other.Error())
	}
	return b.String()
}

func (r *Refusal) Unwrap() error { return r.Err }

// refuse explains an error of the kernel's: doing is what was being done, without
// the process, such as "tracing".
func (p *Process) refuse(doing string, err error) error {
	if err == nil || errors.Is(err, ErrGone) {
		return err
	}
	what := fmt.Sprintf("%s %v", doing, p)
	switch {
	case errors.Is(err, syscall.ENOSYS):
		r := &Refusal{What: what, Right: RightKernel, Err: err, Why: "this kernel does not have the system call", Fix: "taking descriptors needs Linux 5.6, holding on to processes 5.3"}
		if me, serr := p.sys.self(); serr == nil && me.Seccomp == 2 {
			r.Right, r.Why, r.Fix = RightSeccomp, "the kernel, or the seccomp filter that sluice runs under, does not know the system call", "do it outside of this container"
		}
		return r
	case !errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w", what, err)
	}
	r := p.MayAttach()
	if r == nil {
		r = p.sys.unexplained()
	}
	r.What, r.Err = what, err
	return r
}

// unexplained is a refusal of the kernel's for none of the reasons that can be seen.
func (s *System) unexplained() *Refusal {
	if me, err := s.self(); err == nil && me.Seccomp == 2 {
		return &Refusal{Right: RightSeccomp, Why: "a seccomp filter that sluice itself runs under forbids it, as far as can be seen",
			Fix: "do it outside of this container, or start that with: docker run --cap-add SYS_PTRACE --security-opt seccomp=unconfined"}
	}
	return &Refusal{Right: RightKernel, Why: "the kernel does not permit it, and none of the reasons that can be seen from here holds: a security module may (Landlock, SELinux, AppArmor)",
		Fix: "look into the kernel's log (dmesg), or do it outside of this sandbox"}
}
