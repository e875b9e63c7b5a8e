package adopt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// Watch sees what a process writes, until it is closed.
type Watch struct {
	Streams []Watched

	p       *Process
	sources []source
}

// source sees what is written to some descriptors.
type source interface {
	// run gives it out until ctx is done, and then what was written until then.
	run(ctx context.Context, s *sink) error
	close()
}

// sink is where the sources put what they see.
type sink struct {
	mu   sync.Mutex
	emit func(Written) error
	note func(string)
}

func (s *sink) data(fd int, data []byte, lost int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emit(Written{Time: time.Now(), FD: fd, Data: data, Lost: lost})
}

func (s *sink) tell(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(text)
}

// Watch begins to watch what the process writes: when it returns, what is written from
// then on is seen. If there is no way that is permitted for one of the descriptors, it
// is a *Refusal. Run gives out what is seen; Close ends it.
func (p *Process) Watch(o WatchOptions) (*Watch, error) {
	if !p.sys.live {
		return nil, fmt.Errorf("watching %v: it is in a packed /proc: %w", p, errors.ErrUnsupported)
	}
	c := chooser{w: &Watch{p: p}, via: o.Via}
	if err := c.find(o.FDs); err != nil {
		return nil, err
	}
	if err := c.choose(); err != nil {
		c.w.Close()
		return nil, err
	}
	return c.w, nil
}

// Close ends the watching. The process goes on as if nothing had been.
func (w *Watch) Close() {
	for _, s := range w.sources {
		s.close()
	}
	w.sources = nil
}

// Run gives out what the process writes until it ends, ctx is done or there is nothing
// left to watch, and what was written until then; that is nil. emit and tell are not
// called at the same time. tell gets what happens to the watching itself, for people.
// An error of emit's ends it.
func (w *Watch) Run(ctx context.Context, emit func(Written) error, tell func(string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &sink{emit: emit, note: tell}
	failed := make(chan error, len(w.sources))
	for _, src := range w.sources {
		go func() {
			err := src.run(ctx, s)
			if err != nil {
				cancel()
			}
			failed <- err
		}()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if w.p.hold.ended(100 * time.Millisecond) {
				cancel()
			}
		}
	}()
	var first error
	for range w.sources {
		if err := <-failed; first == nil {
			first = err
		}
	}
	cancel()
	<-ended
	return first
}

// chooser finds a way for each descriptor.
type chooser struct {
	w    *Watch
	via  WatchWay
	left []Watched // that have none yet
}

// find looks at the descriptors.
func (c *chooser) find(fds []int) error {
	p, asked := c.w.p, len(fds) > 0
	if !asked {
		fds = []int{1, 2}
	}
	for i, fd := range fds {
		d, err := p.Descriptor(fd)
		switch {
		case slices.Contains(fds[:i], fd):
		case errors.Is(err, fs.ErrNotExist):
			if asked {
				return c.refusal(fmt.Sprintf("it has no %s open", StreamName(fd)))
			}
		case err != nil:
			return err
		default:
			c.left = append(c.left, Watched{Descriptor: d})
		}
	}
	if len(c.left) == 0 {
		return c.refusal("it has neither stdout nor stderr open")
	}
	return nil
}

func (c *chooser) refusal(why string) *Refusal {
	return &Refusal{What: fmt.Sprintf("watching %v", c.w.p), Right: RightKind, Why: why}
}

// choose tries the ways, the best first.
func (c *chooser) choose() error {
	c.each(WatchFile, func(d Descriptor) (source, error) {
		if d.Kind != File && d.Kind != Memory {
			return nil, c.refusal(fmt.Sprintf("%s is no file, but %s", StreamName(d.FD), d.Name))
		}
		if c.follows(d) != nil {
			return nil, nil
		}
		f, err := openFollower(c.w.p, d)
		if err != nil {
			return nil, err
		}
		return f, nil
	})
	c.all(WatchBPF, "every system call on this machine takes some 0.1-0.2 µs more", func(fds []int) (source, error) {
		return openBPF(c.w.p, fds)
	})
	c.all(WatchPtrace, fmt.Sprintf("each system call of %v now takes two stops, some 0.1-0.2 ms together", c.w.p), func(fds []int) (source, error) {
		return openPtrace(c.w.p, fds)
	})
	c.each(WatchTee, func(d Descriptor) (source, error) {
		if d.Kind != Pipe && d.Kind != FIFO {
			return nil, c.refusal(fmt.Sprintf("%s is no pipe, but %s", StreamName(d.FD), d.Name))
		}
		t, err := openTee(c.w.p, d)
		if err != nil {
			return nil, err
		}
		return t, nil
	})
	if err := c.w.p.Alive(); err != nil {
		return fmt.Errorf("watching %v: %w", c.w.p, err)
	}
	if len(c.left) > 0 {
		return c.none(c.left[0])
	}
	slices.SortFunc(c.w.Streams, func(a, b Watched) int { return a.FD - b.FD })
	return nil
}

// none is why d cannot be watched. That a way is for something else is said only where
// it was asked for.
func (c *chooser) none(d Watched) error {
	var first *Refusal
	for _, err := range d.Passed {
		var no *Refusal
		if !errors.As(err, &no) {
			return err
		}
		if c.via == "" && no.Right == RightKind {
			continue
		}
		if first == nil {
			copied := *no
			first = &copied
		} else {
			first.Others = append(first.Others, no)
		}
	}
	if first == nil {
		return c.refusal(fmt.Sprintf("there is no way to watch %s, %s", StreamName(d.FD), d.Name))
	}
	return first
}

// unreadable explains why what a descriptor of the process is of could not be opened:
// unlike the descriptor, it is opened with our rights.
func (p *Process) unreadable(doing string, d Descriptor, err error) error {
	if err = p.sure(err); errors.Is(err, fs.ErrPermission) && p.MayAttach() == nil {
		return &Refusal{What: fmt.Sprintf("%s %v", doing, p), Right: RightUser, Why: d.Name + " is there for others to read, not for this user", Fix: "do it as root", Err: err}
	}
	return p.refuse(doing, err)
}

func (c *chooser) tried(way WatchWay) bool { return c.via == "" || c.via == way }

// notes of the ways.
const (
	fileNote = "other writers to the same file are shown as well"
	teeNote  = "bytes may be missed or repeated: the reader takes them while we look"
)

// each tries a way that is taken for one descriptor at a time. Without a source, one
// that was opened before does.
func (c *chooser) each(way WatchWay, open func(Descriptor) (source, error)) {
	if !c.tried(way) {
		return
	}
	var left []Watched
	for _, d := range c.left {
		s, err := open(d.Descriptor)
		if err != nil {
			d.Passed = append(d.Passed, err)
			left = append(left, d)
			continue
		}
		d.Note = map[WatchWay]string{WatchFile: fileNote, WatchTee: teeNote}[way]
		if s == nil {
			d.Note = "the same file as " + StreamName(c.follows(d.Descriptor).FD) + ", and shown as that"
		}
		c.take(way, s, d)
	}
	c.left = left
}

// all tries a way that is taken for all descriptors that are left at once.
func (c *chooser) all(way WatchWay, note string, open func([]int) (source, error)) {
	if !c.tried(way) || len(c.left) == 0 {
		return
	}
	var fds []int
	for i := range c.left {
		fds = append(fds, c.left[i].FD)
	}
	s, err := open(fds)
	if err != nil {
		for i := range c.left {
			c.left[i].Passed = append(c.left[i].Passed, err)
		}
		return
	}
	note = c.note(note)
	for i := range c.left {
		c.left[i].Note = note
	}
	c.take(way, s, c.left...)
	c.left = nil
}

// follows is who is followed already and is of the same file, as after 2>&1; or nil.
func (c *chooser) follows(d Descriptor) *Watched {
	for i, w := range c.w.Streams {
		if w.Way == WatchFile && w.Dev == d.Dev && w.Ino == d.Ino {
			return &c.w.Streams[i]
		}
	}
	return nil
}

func (c *chooser) take(way WatchWay, s source, streams ...Watched) {
	if s != nil {
		c.w.sources = append(c.w.sources, s)
	}
	for _, d := range streams {
		d.Way = way
		c.w.Streams = append(c.w.Streams, d)
	}
}

// note adds to what is told of a way that sees system calls.
func (c *chooser) note(text string) string {
	ds, _ := c.w.p.Descriptors()
	for _, d := range ds {
		if d.Kind == Anon && d.Name == "[io_uring]" {
			return text + "; what it writes by io_uring is not seen"
		}
	}
	return text
}

// sixtyFour refuses a 32-bit program, whose system calls have other numbers.
func (p *Process) sixtyFour(doing string) error {
	file, err := os.Open(p.sys.fs.Path(p.PID, "exe"))
	if err != nil {
		return nil // that it may not be looked at is found out by others
	}
	defer file.Close()
	var head [5]byte // ELF's magic number and class (elf(5))
	if n, _ := file.Read(head[:]); n == len(head) && head[4] == 1 {
		return &Refusal{What: fmt.Sprintf("%s %v", doing, p), Right: RightKernel, Why: "it is a 32-bit program, and what the numbers of its system calls mean is not known here"}
	}
	return nil
}
