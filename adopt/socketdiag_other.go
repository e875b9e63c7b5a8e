//go:build !linux

package adopt

import (
	"errors"
	"fmt"
)

func (s *System) unixPeers(int) ([]unixPeer, error) {
	return nil, fmt.Errorf("the peers of unix sockets: only a running Linux tells them: %w", errors.ErrUnsupported)
}
