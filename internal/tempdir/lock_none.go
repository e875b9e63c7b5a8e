//go:build !unix

package tempdir

import (
	"errors"
	"os"
)

// lock cannot be had here: nothing is swept.
func lock(_ *os.File, wait bool) error {
	if wait {
		return nil
	}
	return errors.ErrUnsupported
}

func ours(os.FileInfo) bool { return false }
