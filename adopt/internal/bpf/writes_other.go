//go:build !linux

package bpf

import (
	"errors"
	"fmt"
)

// Watch is a process whose writes are being collected by the kernel.
type Watch struct{}

// Open needs Linux.
func Open(int, []int) (*Watch, error) {
	return nil, fmt.Errorf("eBPF needs Linux: %w", errors.ErrUnsupported)
}
