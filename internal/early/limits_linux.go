package early

import (
	"os"
	"syscall"
)

// descriptors is how many the launcher and the agent need before they can count what
// a run needs.
const descriptors = 12

// tooFew says why nothing can be done with the open files that the limit leaves, or
// "". Without them Go's runtime ends the program with a dump of its stacks, as soon as
// it waits for a descriptor.
func tooFew() string {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return ""
	}
	left := uint64(0)
	fd, err := syscall.Open("/", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	switch {
	case err == nil:
		_ = syscall.Close(fd)
		left = limit.Cur - min(limit.Cur, uint64(fd)) // the lowest that is free
	case err != syscall.EMFILE:
		return ""
	}
	if left >= descriptors {
		return ""
	}
	return "sluice: the limit on open files is " + decimal(limit.Cur) + " and leaves " + decimal(left) + "; " + decimal(descriptors) +
		" are needed to begin\n  raise it (ulimit -n; as root: ulimit -Hn), or close what sluice inherits\n"
}

func decimal(n uint64) string {
	var digits [20]byte
	i := len(digits)
	for {
		i--
		digits[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(digits[i:])
		}
	}
}

// refuse ends the program, which has not begun. An agent leaves the words to its
// launcher, which has no more descriptors than it.
func refuse(why string) {
	if len(os.Args) != 2 || os.Args[1] != Agent {
		_, _ = syscall.Write(2, []byte(why))
	}
	os.Exit(125)
}
