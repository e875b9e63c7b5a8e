//go:build unix

package report

import (
	"path/filepath"
	"syscall"
	"testing"
)

// Opening a FIFO in the ordinary way would wait for a writer for ever.
func TestErrorFileIsFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "error.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := ReadErrorFile(path); err == nil {
		t.Errorf("a FIFO was read: %+v", e)
	}
}
