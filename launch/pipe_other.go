//go:build !linux

package launch

import (
	"os"

	"github.com/sluicerun/sluice/internal/proc"
)

func newPipe() (r, w *os.File, err error) { return nil, nil, proc.ErrUnsupported }

func newOutPipe() (r, w *os.File, err error) { return nil, nil, proc.ErrUnsupported }

func newInnerPipe() (r, w *os.File, err error) { return nil, nil, proc.ErrUnsupported }
