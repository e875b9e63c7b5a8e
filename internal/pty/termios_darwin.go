package pty

import "golang.org/x/sys/unix"

const (
	ioctlGetTermios = unix.TIOCGETA
	ioctlSetTermios = unix.TIOCSETA

	// disabledChar is _POSIX_VDISABLE: a control character that is not there.
	disabledChar = 0xff
)

func setBaud(t *unix.Termios) { t.Ispeed, t.Ospeed = 38400, 38400 }

func (t Termios) numbers() []uint64 {
	return []uint64{t.t.Iflag, t.t.Oflag, t.t.Cflag, t.t.Lflag, t.t.Ispeed, t.t.Ospeed}
}

// setNumbers reports false when one does not fit, which cannot be here.
func (t *Termios) setNumbers(n []uint64) bool {
	t.t.Iflag, t.t.Oflag, t.t.Cflag, t.t.Lflag = n[0], n[1], n[2], n[3]
	t.t.Ispeed, t.t.Ospeed = n[4], n[5]
	return true
}
