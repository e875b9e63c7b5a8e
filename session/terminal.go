package session

import (
	"os"

	"github.com/sluicerun/sluice/internal/pty"
)

// Master is the master side of a terminal, which a Session needs: see
// [OpenTerminal].
type Master = pty.Master

// OpenTerminal makes a terminal for [New]. The zero Size is 80x24. slave is for the
// program, as its standard streams and its controlling terminal; it is closed here
// once the program has it.
func OpenTerminal(size Size) (master *Master, slave *os.File, err error) {
	return pty.Open(pty.OpenOptions{Size: size})
}
