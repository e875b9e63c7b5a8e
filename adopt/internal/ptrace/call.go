//go:build linux && (amd64 || arm64)

package ptrace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// call is a system call that a thread waits in.
type call struct {
	nr     int
	args   [6]uint64
	sp, pc uint64 // the pc is behind the instruction
}

// errNoCall is that a thread runs, or waits for something else.
var errNoCall = errors.New("it is in no system call")

// parseCall reads /proc/<pid>/task/<tid>/syscall (proc_pid_syscall(5)).
func parseCall(data []byte) (call, error) {
	f := strings.Fields(string(data))
	if len(f) > 0 && (f[0] == "running" || f[0] == "-1") {
		return call{}, errNoCall
	}
	if len(f) != 9 {
		return call{}, fmt.Errorf("%d fields, not nine, in %q", len(f), data)
	}
	var c call
	nr, err := strconv.ParseInt(f[0], 10, 32)
	if err != nil || nr < 0 {
		return call{}, fmt.Errorf("%q is no number of a system call", f[0])
	}
	c.nr = int(nr)
	for i, to := range []*uint64{&c.args[0], &c.args[1], &c.args[2], &c.args[3], &c.args[4], &c.args[5], &c.sp, &c.pc} {
		text, hex := strings.CutPrefix(f[i+1], "0x")
		if *to, err = strconv.ParseUint(text, 16, 64); err != nil || !hex {
			return call{}, fmt.Errorf("%q is no address", f[i+1])
		}
	}
	return c, nil
}
