package stream

import (
	"fmt"
	"os"
)

// CreateTemp makes a log that has no name: nothing of it is left once it is closed,
// or its process has been killed. It is not rotated, and only its own process reads it.
func CreateTemp(opt LogOptions) (*Log, error) {
	l, err := createTemp(opt)
	if err != nil {
		return nil, fmt.Errorf("creating a log without a name: %w", err)
	}
	return l, nil
}

func createTemp(opt LogOptions) (*Log, error) {
	if opt.Rotate.MaxSize > 0 || opt.Direct {
		return nil, fmt.Errorf("it can neither be rotated nor opened by a worker")
	}
	t, err := os.CreateTemp("", "sluice-log-")
	if err != nil {
		return nil, err
	}
	defer t.Close()
	f, err := openLogFile(t.Name(), 0)
	os.Remove(t.Name())
	if err != nil {
		return nil, err
	}
	return start(newLog("", "", opt, f))
}
