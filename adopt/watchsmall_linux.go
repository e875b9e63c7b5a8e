//go:build small

package adopt

import (
	"errors"
	"fmt"
)

// openBPF: what compiles programs for the kernel is not in the program that every run
// starts.
func openBPF(p *Process, _ []int) (source, error) {
	return nil, &Refusal{What: fmt.Sprintf("having the kernel copy (eBPF) what is written by %v", p), Err: errors.ErrUnsupported,
		Right: RightKernel, Why: "this sluice was built without it (go build -tags small)"}
}
