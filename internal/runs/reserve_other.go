//go:build !linux

package runs

import "path/filepath"

// Reserve does nothing where only a file full of zeros could.
func (r *Record) Reserve() {}

func (r *Record) reserve() string { return filepath.Join(r.Dir, ReserveName) }
