package testnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	tunDevice = "/dev/net/tun"
	nic       = "eth0"
)

// apart calls f on a thread that ends afterwards, so that f may change the
// thread's namespaces. If f ends its goroutine, so does apart.
func apart(f func()) {
	done, finished := make(chan struct{}), false
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			// The main thread cannot end, and what /proc tells of the process is
			// told of this thread. As long as it waits here another one is found.
			defer runtime.UnlockOSThread()
			apart(f)
		} else {
			f()
		}
		finished = true
	}()
	<-done
	if !finished {
		runtime.Goexit()
	}
}

// make makes the machine's namespaces and puts a TAP device and the address there.
func (h *Host) make() (err error) {
	apart(func() { err = h.makeHere() })
	return err
}

func (h *Host) makeHere() error {
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWUTS); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	if err := unix.Sethostname([]byte(h.name)); err != nil {
		return os.NewSyscallError("sethostname", err)
	}
	var err error
	if h.netNS, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	if h.utsNS, err = os.Open("/proc/thread-self/ns/uts"); err != nil {
		return err
	}
	if h.tap, err = openTAP(nic); err != nil {
		return err
	}
	return configure(func(s int) error {
		mask := []byte{255, 255, 255, 0}
		err := errors.Join(
			setAddr(s, unix.SIOCSIFADDR, nic, h.addr.AsSlice()), setAddr(s, unix.SIOCSIFNETMASK, nic, mask),
			lengthen(s, nic), up(s, nic), up(s, "lo"))
		if err != nil {
			return err
		}
		i, err := net.InterfaceByName(nic)
		if err == nil {
			h.mac = i.HardwareAddr
		}
		return err
	})
}

// meet tells the machine where the others are. Otherwise it would ask for them,
// and ask again later: with a link cut one way it would find nobody in the other
// direction either.
func (h *Host) meet(all []*Host) (err error) {
	apart(func() {
		if err = h.enter(); err != nil {
			return
		}
		err = configure(func(s int) error {
			for _, other := range all {
				if other == h {
					continue
				}
				if err := setARP(s, other); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return err
}

// enter puts the calling thread on the machine.
func (h *Host) enter() error {
	for f, kind := range map[*os.File]int{h.netNS: unix.CLONE_NEWNET, h.utsNS: unix.CLONE_NEWUTS} {
		if err := unix.Setns(int(f.Fd()), kind); err != nil {
			return os.NewSyscallError("setns", err)
		}
	}
	return nil
}

// remove lets go of what makes the machine: the kernel removes it with its last process.
func (h *Host) remove() {
	for _, f := range []*os.File{h.tap, h.netNS, h.utsNS} {
		f.Close() // nil is an error and harmless
	}
}

// openTAP makes a network device whose frames are read from and written to the
// file, each behind a header (frameHeader) for what the kernels leave to each
// other: checksums, and the cutting of TCP segments of up to 64 KiB.
func openTAP(name string) (*os.File, error) {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: tunDevice, Err: err}
	}
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
		err = os.NewSyscallError("TUNSETIFF", unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	}
	if err == nil {
		const offload = unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6
		err = os.NewSyscallError("TUNSETOFFLOAD", unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, offload))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), tunDevice), nil
}

// configure calls f with a socket for ioctls on network devices.
func configure(f func(s int) error) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(s)
	return f(s)
}

func setAddr(s int, what uint, name string, addr []byte) error {
	req, err := unix.NewIfreq(name)
	if err == nil {
		err = req.SetInet4Addr(addr)
	}
	if err == nil {
		err = unix.IoctlIfreq(s, what, req)
	}
	if err != nil {
		return fmt.Errorf("setting %v on %s: %w", net.IP(addr), name, err)
	}
	return nil
}

// lengthen makes room for frames that wait for the switch: where it gets no
// processor for a while, a burst of datagrams would be lost otherwise.
func lengthen(s int, name string) error {
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint32(10_000)
		err = unix.IoctlIfreq(s, unix.SIOCSIFTXQLEN, req)
	}
	if err != nil {
		return fmt.Errorf("lengthening the queue of %s: %w", name, err)
	}
	return nil
}

func up(s int, name string) error {
	req, err := unix.NewIfreq(name)
	if err == nil {
		req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		err = unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, req)
	}
	if err != nil {
		return fmt.Errorf("bringing up %s: %w", name, err)
	}
	return nil
}

// setARP enters a machine into the table of neighbours, for ever (arp(7)).
func setARP(s int, other *Host) error {
	const complete, permanent = 0x2, 0x4 // ATF_COM, ATF_PERM
	req := struct {
		protocol, hardware [16]byte
		flags              int32
		mask               [16]byte
		dev                [16]byte
	}{flags: complete | permanent}
	binary.NativeEndian.PutUint16(req.protocol[:], unix.AF_INET)
	copy(req.protocol[4:], other.addr.AsSlice())
	binary.NativeEndian.PutUint16(req.hardware[:], unix.ARPHRD_ETHER)
	copy(req.hardware[2:], other.mac)
	copy(req.dev[:], nic)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(s), unix.SIOCSARP, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return os.NewSyscallError("SIOCSARP", errno)
	}
	return nil
}
