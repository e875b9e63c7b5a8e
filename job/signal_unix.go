//go:build unix

package job

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Signals by this system's numbers.
const (
	SIGHUP    = Signal(unix.SIGHUP)
	SIGINT    = Signal(unix.SIGINT)
	SIGQUIT   = Signal(unix.SIGQUIT)
	SIGILL    = Signal(unix.SIGILL)
	SIGTRAP   = Signal(unix.SIGTRAP)
	SIGABRT   = Signal(unix.SIGABRT)
	SIGBUS    = Signal(unix.SIGBUS)
	SIGFPE    = Signal(unix.SIGFPE)
	SIGKILL   = Signal(unix.SIGKILL)
	SIGUSR1   = Signal(unix.SIGUSR1)
	SIGSEGV   = Signal(unix.SIGSEGV)
	SIGUSR2   = Signal(unix.SIGUSR2)
	SIGPIPE   = Signal(unix.SIGPIPE)
	SIGALRM   = Signal(unix.SIGALRM)
	SIGTERM   = Signal(unix.SIGTERM)
	SIGCHLD   = Signal(unix.SIGCHLD)
	SIGCONT   = Signal(unix.SIGCONT)
	SIGSTOP   = Signal(unix.SIGSTOP)
	SIGTSTP   = Signal(unix.SIGTSTP)
	SIGTTIN   = Signal(unix.SIGTTIN)
	SIGTTOU   = Signal(unix.SIGTTOU)
	SIGURG    = Signal(unix.SIGURG)
	SIGXCPU   = Signal(unix.SIGXCPU)
	SIGXFSZ   = Signal(unix.SIGXFSZ)
	SIGVTALRM = Signal(unix.SIGVTALRM)
	SIGPROF   = Signal(unix.SIGPROF)
	SIGWINCH  = Signal(unix.SIGWINCH)
	SIGIO     = Signal(unix.SIGIO)
	SIGSYS    = Signal(unix.SIGSYS)
)

func signalNumber(name string) int { return int(unix.SignalNum(name)) }

func signalName(n int) string { return unix.SignalName(syscall.Signal(n)) }
