//go:build !linux

package adopt

import (
	"errors"
	"fmt"
)

type hold struct{}

func (s *System) take(int) (hold, error) {
	if !s.live {
		return hold{}, nil
	}
	return hold{}, fmt.Errorf("looking into processes needs Linux: %w", errors.ErrUnsupported)
}

func (hold) alive() error { return nil }
func (hold) close() error { return nil }
func (hold) closed() hold { return hold{} }
