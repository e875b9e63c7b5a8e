package adopt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// capSysAdmin is the bit of CAP_SYS_ADMIN (capability.h).
const capSysAdmin = 21

// tiocstiWay is the ioctl that puts a byte where the keyboard would have put it.
func (p *Process) tiocstiWay(in *Input, st procfs.Stat) Way {
	tt := in.Terminal
	if tt == nil {
		return wayOf(ViaTIOCSTI, "it has no terminal")
	}
	w := Way{Name: ViaTIOCSTI, Exists: true, What: "ioctl TIOCSTI on " + tt.Name}
	if w.Refusal = p.sys.mayTIOCSTI(tt, st); w.Refusal == nil {
		tty, err := in.openTerminal(unix.O_RDONLY)
		var r *Refusal
		switch {
		case err == nil:
			tty.close()
		case errors.As(err, &r):
			w.Refusal = r
		default:
			return wayOf(ViaTIOCSTI, err.Error())
		}
	}
	w.typed = func(ctx context.Context, data []byte) error {
		tty, err := in.openTerminal(unix.O_RDONLY)
		if err != nil {
			return err
		}
		defer tty.close()
		if err := feed(ctx, tty, data, p.Alive, tty.feign); err != nil {
			return fmt.Errorf("typing into %v by TIOCSTI: %w", p, err)
		}
		return nil
	}
	return w
}

// feign puts bytes into the terminal's input, one by one, as the ioctl takes them.
func (t *ttyFile) feign(_ context.Context, piece []byte) error {
	for i := range piece {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(t.fd), unix.TIOCSTI, uintptr(unsafe.Pointer(&piece[i]))); errno != 0 {
			return errno
		}
	}
	return nil
}

// mayTIOCSTI tells who may not: the kernel wants CAP_SYS_ADMIN of the first user
// namespace for another's terminal, and for one's own where dev.tty.legacy_tiocsti is
// 0 (Linux 6.2; before that it was as if it were 1).
func (s *System) mayTIOCSTI(tt *Terminal, st procfs.Stat) *Refusal {
	what := "feigning keys on " + tt.Name
	me, err := s.self()
	if err != nil {
		return &Refusal{What: what, Right: RightKernel, Why: err.Error(), Err: err}
	}
	inFirst := s.userNamespace() == initUser
	if me.Effective>>capSysAdmin&1 == 1 && inFirst {
		return nil
	}
	root := "do it as root"
	if me.UID[1] == 0 {
		root = "do it as a root that has CAP_SYS_ADMIN, outside of this container"
	}
	mine, err := s.fs.Stat(me.Tgid)
	own := err == nil && mine.TTY == st.TTY && tt.Controlling && mine.Session == st.Session
	if !own {
		return &Refusal{What: what, Right: RightCapability, Fix: root,
			Why: "only those with CAP_SYS_ADMIN may on a terminal that is not their own controlling one"}
	}
	data, err := procfs.ReadFile(filepath.Join(string(s.fs), "sys", "dev", "tty", "legacy_tiocsti"))
	if err == nil && strings.TrimSpace(string(data)) == "0" {
		return &Refusal{What: what, Right: RightKernel, Fix: root + "; or, as root: sysctl dev.tty.legacy_tiocsti=1",
			Why: "dev.tty.legacy_tiocsti is 0: only those with CAP_SYS_ADMIN may"}
	}
	return nil
}
