package stream

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Watcher tells logs and followers that their files changed. It is one inotify
// instance (a user has 128 by default) with one watch per directory, and one
// goroutine.
type Watcher struct {
	f    *os.File
	done chan struct{}

	mu   sync.Mutex
	dirs map[int32]*watchedDir // by watch descriptor
}

type watchedDir struct {
	subs []*subscription
}

// A subscription is to changes of one name in one directory.
type subscription struct {
	w    *Watcher
	wd   int32
	name string
	// C gets one value for any number of changes. It never closes.
	C chan struct{}
	// gone tells that the watch ended, with its directory; guarded by w.mu.
	gone bool
}

const watchMask = unix.IN_MODIFY | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO |
	unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR

// NewWatcher makes a watcher. Close ends it.
func NewWatcher() (*Watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watching logs: inotify: %w (fs.inotify.max_user_instances bounds how many there are)", err)
	}
	w := &Watcher{
		f:    os.NewFile(uintptr(fd), "inotify"),
		done: make(chan struct{}), dirs: map[int32]*watchedDir{},
	}
	go w.run()
	return w, nil
}

// Close ends the watcher. Nobody hears from it any more.
func (w *Watcher) Close() error {
	err := w.f.Close()
	<-w.done
	return err
}

// restFor is the pause between two looks at the queue. A worker that writes its
// file directly makes an event of each line; equal ones merge while they wait.
const restFor = 2 * time.Millisecond

func (w *Watcher) run() {
	defer close(w.done)
	buf := make([]byte, 16<<10)
	rest := time.NewTimer(restFor)
	defer rest.Stop()
	for {
		n, err := w.f.Read(buf)
		if err != nil {
			return
		}
		w.dispatch(buf[:n])
		rest.Reset(restFor)
		<-rest.C
	}
}

func (w *Watcher) dispatch(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(b) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(b))
		mask := binary.NativeEndian.Uint32(b[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
		name := strings.TrimRight(string(b[unix.SizeofInotifyEvent:end]), "\x00")
		b = b[end:]
		if mask&unix.IN_Q_OVERFLOW != 0 {
			// What was lost could be anybody's.
			for _, d := range w.dirs {
				d.tell("")
			}
			continue
		}
		d := w.dirs[wd]
		if d == nil {
			continue
		}
		if mask&unix.IN_IGNORED != 0 {
			for _, s := range d.subs {
				s.gone = true
			}
			delete(w.dirs, wd)
		}
		d.tell(name)
	}
}

// tell wakes those who care for name; all, if it is empty (the directory).
func (d *watchedDir) tell(name string) {
	for _, s := range d.subs {
		if name == "" || name == s.name {
			select {
			case s.C <- struct{}{}:
			default:
			}
		}
	}
}

// subscribe begins to watch name in dir. The name need not exist.
func (w *Watcher) subscribe(dir, name string) (*subscription, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var wd int
	conn, err := w.f.SyscallConn()
	if err == nil {
		cerr := conn.Control(func(fd uintptr) { wd, err = unix.InotifyAddWatch(int(fd), dir, watchMask) })
		if cerr != nil {
			err = cerr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", filepath.Join(dir, name), err)
	}
	s := &subscription{w: w, wd: int32(wd), name: name, C: make(chan struct{}, 1)}
	d := w.dirs[s.wd]
	if d == nil {
		d = &watchedDir{}
		w.dirs[s.wd] = d
	}
	d.subs = append(d.subs, s)
	return s, nil
}

func (s *subscription) close() {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.dirs[s.wd]
	if s.gone || d == nil {
		return
	}
	d.subs = slices.DeleteFunc(d.subs, func(t *subscription) bool { return t == s })
	if len(d.subs) > 0 {
		return
	}
	delete(w.dirs, s.wd)
	if conn, err := w.f.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { unix.InotifyRmWatch(int(fd), uint32(s.wd)) })
	}
}

func (s *subscription) isGone() bool {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.gone
}
