//go:build !linux

package watchdog

import (
	"errors"
	"os"
)

func openFIFO(string) (*os.File, error) {
	return nil, errors.New("file timers need Linux, where a FIFO can be waited for")
}
