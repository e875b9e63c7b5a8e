//go:build !linux

package procfs

import "os"

func ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }
