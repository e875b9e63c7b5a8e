//go:build !unix

package console

import (
	"errors"
	"fmt"
)

// FDSink needs a Unix; elsewhere every write fails.
type FDSink struct {
	fd   int
	took func(int)
}

// NewFDSink makes a sink whose writes say that there is none on this system.
func NewFDSink(fd int) *FDSink { return &FDSink{fd: fd} }

// Write fails.
func (s *FDSink) Write([]byte) (int, error) {
	return 0, fmt.Errorf("writing to descriptor %d: %w", s.fd, errors.ErrUnsupported)
}

// Terminal is false.
func (s *FDSink) Terminal() bool { return false }

// Size is unknown.
func (s *FDSink) Size() (width, height int) { return 0, 0 }

// Close does nothing.
func (s *FDSink) Close() error { return nil }

func (s *FDSink) try([]byte) (int, error) { return 0, errors.ErrUnsupported }
func (s *FDSink) interrupt()              {}
func (s *FDSink) release()                {}
func (s *FDSink) same(o *FDSink) bool     { return s.fd == o.fd }
