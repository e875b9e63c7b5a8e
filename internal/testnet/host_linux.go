package testnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// Host is one machine.
type Host struct {
	net   *Net
	index int
	name  string
	addr  netip.Addr
	mac   net.HardwareAddr

	netNS, utsNS, tap *os.File

	// Under the net's lock.
	cut, off bool
	links    []link // to each machine, by its index
}

// Name is what the machine calls itself.
func (h *Host) Name() string { return h.name }

// Addr is its only address, but for loopback.
func (h *Host) Addr() netip.Addr { return h.addr }

// Command is exec.CommandContext on this machine, in a process group of its own.
// The process that starts becomes the command: a signal to it reaches no wrapper.
// name is looked for when it starts, in the command's own PATH; if there is none
// the exit status is 127. Credentials in SysProcAttr would keep it from getting
// there: use setpriv(1).
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	fd := func(f *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()) }
	// Each command has mounts of its own: one who joined a shared mount namespace
	// would lose its working directory.
	line := append([]string{
		"--net=" + fd(h.netNS), "--uts=" + fd(h.utsNS),
		"unshare", "--mount", "--propagation", "slave",
		"sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, h.net.hostsFile(), name,
	}, args...)
	cmd := exec.CommandContext(ctx, "nsenter", line...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Do calls f on this machine, to dial or to listen there: sockets stay on the
// machine on which they were made. f must dial addresses, not names, and in its
// own goroutine: others are not on this machine. It may end the test.
func (h *Host) Do(t testing.TB, f func()) {
	t.Helper()
	var err error
	apart(func() {
		if err = h.enter(); err == nil {
			f()
		}
	})
	if err != nil {
		t.Fatalf("entering the machine %s: %v", h.name, err)
	}
}

// Processes lists what lives on the machine.
func (h *Host) Processes() []int {
	want, err := os.Readlink(filepath.Join("/proc/self/fd", strconv.Itoa(int(h.netNS.Fd()))))
	if err != nil {
		h.net.t.Errorf("looking for the processes of %s: %v", h.name, err)
		return nil
	}
	all, err := proc.PIDs()
	if err != nil {
		h.net.t.Errorf("looking for the processes of %s: %v", h.name, err)
		return nil
	}
	var here []int
	for _, pid := range all {
		// A process that has ended has no namespaces.
		if got, err := os.Readlink(proc.Path(pid, "ns", "net")); err == nil && got == want {
			here = append(here, pid)
		}
	}
	return here
}

const proc = procfs.FS("/proc")

// PowerOff takes the machine off the network for good and then ends all that runs
// there: nobody elsewhere is told, not by its kernel either. Pipes and files that
// its processes shared with this machine are closed, though.
func (h *Host) PowerOff() {
	h.net.t.Helper()
	h.net.mu.Lock()
	h.off = true
	h.net.mu.Unlock()
	if err := h.killAll(); err != nil {
		h.net.t.Error(err)
	}
}

// killAll ends all processes of the machine and waits until they are gone.
func (h *Host) killAll() error {
	// All stop before the first dies: none may tell of another's death.
	for _, pid := range h.Processes() {
		unix.Kill(pid, unix.SIGSTOP)
	}
	end := time.Now().Add(20 * time.Second)
	// Seen empty twice: one that was born during the first look is seen by the second.
	for empty := 0; empty < 2; {
		left := h.Processes()
		for _, pid := range left {
			unix.Kill(pid, unix.SIGKILL)
		}
		switch {
		case len(left) == 0:
			empty++
			continue
		case time.Now().After(end):
			return fmt.Errorf("machine %s: processes %v do not end", h.name, left)
		}
		empty = 0
		time.Sleep(time.Millisecond)
	}
	return nil
}
