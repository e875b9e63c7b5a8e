package pty

import (
	"slices"

	"golang.org/x/sys/unix"
)

const (
	ioctlGetTermios = unix.TCGETS
	ioctlSetTermios = unix.TCSETS

	// disabledChar is _POSIX_VDISABLE: a control character that is not there.
	disabledChar = 0
)

// setBaud gives the speed that Linux gives new terminals. It has no meaning on a
// pseudo-terminal, but 0 would mean "hang up".
func setBaud(t *unix.Termios) {
	t.Cflag |= unix.B38400
	t.Ispeed, t.Ospeed = 38400, 38400
}

func (t Termios) numbers() []uint64 {
	return []uint64{uint64(t.t.Iflag), uint64(t.t.Oflag), uint64(t.t.Cflag), uint64(t.t.Lflag), uint64(t.t.Line), uint64(t.t.Ispeed), uint64(t.t.Ospeed)}
}

// setNumbers reports false when one does not fit.
func (t *Termios) setNumbers(n []uint64) bool {
	t.t.Iflag, t.t.Oflag, t.t.Cflag, t.t.Lflag = uint32(n[0]), uint32(n[1]), uint32(n[2]), uint32(n[3])
	t.t.Line = uint8(n[4])
	t.t.Ispeed, t.t.Ospeed = uint32(n[5]), uint32(n[6])
	return slices.Equal(t.numbers(), n)
}
