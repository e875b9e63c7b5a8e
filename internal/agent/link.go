//go:build linux

package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/internal/coldjson"
	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
	"golang.org/x/sys/unix"
)

// kind is what a message on a link is about.
type kind string

const (
	kindStart    kind = "start"    // launcher: the spec; files: spec, then stdin if it is not fd 0
	kindSignal   kind = "signal"   // launcher: it got a signal
	kindSuspend  kind = "suspend"  // launcher: ^Z
	kindContinue kind = "continue" // launcher: fg
	kindMade     kind = "made"     // agent: the run has a directory, nothing runs yet
	kindHold     kind = "hold"     // agent: keep these; files: pipes
	kindRelease  kind = "release"  // agent: that attempt is complete
	kindStarted  kind = "started"  // agent: the gang runs
	kindLeave    kind = "leave"    // launcher: the person detached, the run shall go on
	kindPaused   kind = "paused"   // agent: suspend is done
	kindLeft     kind = "left"     // agent: it goes on without the launcher
	kindEOF      kind = "eof"      // agent: close the input you pump
	kindFailed   kind = "failed"   // agent: nothing was started
	kindEnded    kind = "ended"    // agent: the run is over
)

// message is one packet.
type message struct {
	Kind    kind         `json:"kind"`
	Signal  int          `json:"signal,omitempty"`
	Start   *Start       `json:"start,omitempty"`
	Held    *launch.Held `json:"held,omitempty"`
	Attempt int          `json:"attempt,omitempty"`
	Status  int          `json:"status,omitempty"`
	Text    string       `json:"text,omitempty"`
	Run     string       `json:"run,omitempty"`
	Dir     string       `json:"dir,omitempty"`
	// Usage is the error behind a kindFailed, if it is the user's.
	Usage *job.UsageError `json:"usage,omitempty"`
}

// maxPacket is below the kernel's default send buffer; what does not fit, the
// spec, travels as a file.
const maxPacket = 128 << 10

// sendWait bounds how long a message waits for room.
const sendWait = 5 * time.Second

// link is a SOCK_SEQPACKET socket: messages keep their bounds and their files,
// and its end is noticed at once.
type link struct {
	f        *os.File
	rc       syscall.RawConn
	mu       sync.Mutex
	buf, oob []byte // recv's; one goroutine receives
}

// pair makes a link; the other end is for a child to inherit.
func pair() (*link, *os.File, error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket pair: %w", err)
	}
	l, err := newLink(os.NewFile(uintptr(p[0]), "link"))
	return l, os.NewFile(uintptr(p[1]), "link"), err
}

func newLink(f *os.File) (*link, error) {
	rc, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &link{f: f, rc: rc}, nil
}

// inherited is the link that a parent left at a descriptor.
func inherited(fd int) (*link, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("descriptor %d is not a link: this command is for sluice itself: %w", fd, err)
	}
	return newLink(os.NewFile(uintptr(fd), "link"))
}

func (l *link) send(m message, files ...*os.File) error {
	b, err := coldjson.Marshal(m)
	if err != nil {
		return err
	}
	oob, err := fdpass.Pack(files)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// The other side may be stopped (^Z, kill -STOP): it must not stop us.
	l.f.SetWriteDeadline(time.Now().Add(sendWait))
	var serr error
	err = l.rc.Write(func(fd uintptr) bool {
		serr = unix.Sendmsg(int(fd), b, oob, nil, unix.MSG_NOSIGNAL)
		return serr != unix.EAGAIN
	})
	return errors.Join(err, serr)
}

// recv returns io.EOF when the other side is gone. The descriptors that came
// along are the caller's.
func (l *link) recv() (message, []int, error) {
	if l.buf == nil {
		l.buf, l.oob = make([]byte, maxPacket), make([]byte, unix.CmsgSpace(4*fdpass.Max))
	}
	b, oob := l.buf, l.oob
	var n, oobn int
	var rerr error
	err := l.rc.Read(func(fd uintptr) bool {
		n, oobn, _, _, rerr = unix.Recvmsg(int(fd), b, oob, unix.MSG_CMSG_CLOEXEC)
		return rerr != unix.EAGAIN
	})
	if err == nil {
		err = rerr
	}
	if err == nil && n == 0 || errors.Is(err, unix.ECONNRESET) {
		err = io.EOF
	}
	if err != nil {
		return message{}, nil, err
	}
	fds := fdpass.UnpackNumbers(oob[:oobn])
	var m message
	if err := coldjson.Unmarshal(b[:n], &m); err != nil {
		return m, fds, fmt.Errorf("reading a message: %w", err)
	}
	return m, fds, nil
}

func (l *link) close() { l.f.Close() }
