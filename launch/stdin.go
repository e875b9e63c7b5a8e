package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/sluicerun/sluice/job"
	"golang.org/x/sys/unix"
)

// stdin is where the workers' standard input comes from.
//
// One reading rank is given the launcher's own descriptor: nothing is copied,
// and what it does not read is still there for the next command. Only "all"
// needs a copy in our hands.
type stdin struct {
	mode job.StdinMode
	rank int
	src  *os.File

	fifo, fifoHold *os.File
	fifoMade       string

	writers []*os.File // "all": one pipe per rank
	ends    []*os.File // their read ends, until the worker has started
	pump    sync.WaitGroup
	wake    *os.File // closing it ends the pump
}

func newStdin(spec job.Spec, src *os.File) (*stdin, error) {
	in := &stdin{mode: spec.Stdin.Mode, rank: spec.Stdin.Rank, src: src}
	if in.mode == job.StdinDefault {
		in.mode = job.StdinNone
		if spec.Workers == 1 {
			in.mode = job.StdinRank
		}
	}
	switch in.mode {
	case job.StdinFIFO:
		return in, in.openFIFO(spec.Stdin.Path)
	case job.StdinAll:
		if src != nil {
			return in, in.openAll(spec.Workers)
		}
	}
	return in, nil
}

// openFIFO holds the FIFO open for writing, so that writers may come and go
// and the reader sees no end of file until eof is called.
func (in *stdin) openFIFO(path string) error {
	err := unix.Mkfifo(path, 0o600)
	switch {
	case err == nil:
		in.fifoMade = path
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("making the FIFO %s: %w", path, err)
	}
	st, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("opening the FIFO: %w", err)
	}
	if st.Mode()&fs.ModeNamedPipe == 0 {
		return &job.UsageError{Field: "stdin", Value: "fifo:" + path, Why: "exists and is not a FIFO", Hint: "name another path, or remove it"}
	}
	// Read and write at once: opening never waits for the other side.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the FIFO %s: %w", path, err)
	}
	hold := os.NewFile(uintptr(fd), path)
	fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		hold.Close()
		return fmt.Errorf("opening the FIFO %s: %w", path, err)
	}
	in.fifo, in.fifoHold = os.NewFile(uintptr(fd), path), hold
	return nil
}

// openAll makes a pipe per rank and copies our input to each.
func (in *stdin) openAll(n int) error {
	for range n {
		r, w, err := newPipe()
		if err != nil {
			in.close()
			return explain("making pipes for standard input", err)
		}
		in.ends = append(in.ends, r)
		in.writers = append(in.writers, w)
	}
	return nil
}

// file is descriptor 0 of a rank; nil is /dev/null.
func (in *stdin) file(rank int) (*os.File, error) {
	switch {
	case in.mode == job.StdinRank && rank == in.rank, in.mode == job.StdinShared:
		return in.src, nil
	case in.mode == job.StdinFIFO && rank == in.rank:
		return in.fifo, nil
	case in.mode == job.StdinAll && rank < len(in.ends):
		return in.ends[rank], nil
	}
	return nil, nil
}

// started is called when a rank has its descriptor.
func (in *stdin) started(rank int) {
	if in.mode != job.StdinAll || in.src == nil || rank != len(in.ends)-1 || in.wake != nil {
		return
	}
	for i, f := range in.ends {
		f.Close() // only the workers hold them: a dead one gives EPIPE
		in.ends[i] = nil
	}
	stop, wake, err := newPipe()
	if err != nil {
		return
	}
	in.wake = wake
	writers := in.writers
	in.writers = nil
	in.pump.Add(1)
	go func() {
		defer in.pump.Done()
		broadcast(int(in.src.Fd()), int(stop.Fd()), writers)
		stop.Close()
	}()
}

// broadcast copies src to every writer until its end, or until stop hangs up.
// A rank that has stopped reading is left out; the slowest of the others sets
// the pace, as no rank may lose a byte.
func broadcast(src, stop int, writers []*os.File) {
	defer func() {
		for _, w := range writers {
			if w != nil {
				w.Close()
			}
		}
	}()
	for _, w := range writers {
		// So that the end of the run can interrupt a write.
		syscall.SetNonblock(int(w.Fd()), true)
	}
	buf := make([]byte, 64<<10)
	for {
		if !readable(src, stop) {
			return
		}
		n, err := unix.Read(src, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if n <= 0 {
			return
		}
		for i, w := range writers {
			if w != nil && !writeAll(int(w.Fd()), stop, buf[:n]) {
				w.Close()
				writers[i] = nil
			}
		}
	}
}

func readable(fd, stop int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(stop), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(p, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			return false
		}
		return p[1].Revents == 0
	}
}

func writeAll(fd, stop int, b []byte) bool {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		switch {
		case err == unix.EAGAIN:
			p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}, {Fd: int32(stop), Events: unix.POLLIN}}
			if _, err := unix.Poll(p, -1); err != nil && err != unix.EINTR {
				return false
			}
			if p[1].Revents != 0 {
				return false
			}
		case err == unix.EINTR:
		case err != nil:
			return false
		default:
			b = b[n:]
		}
	}
	return true
}

// eof ends the input of the reading rank.
func (in *stdin) eof() error {
	switch {
	case in.mode == job.StdinFIFO && in.fifoHold != nil:
		in.fifoHold.Close()
		in.fifoHold = nil
		in.unlink()
		return nil
	case in.mode == job.StdinFIFO:
		return errors.New("the FIFO's end was sent already")
	case in.mode == job.StdinAll && in.wake != nil:
		in.wake.Close()
		in.wake = nil
		return nil
	}
	return errors.New("no worker reads from a FIFO or from the terminal")
}

func (in *stdin) unlink() {
	if in.fifoMade != "" {
		os.Remove(in.fifoMade)
		in.fifoMade = ""
	}
}

func (in *stdin) close() {
	if in == nil {
		return
	}
	if in.wake != nil {
		in.wake.Close()
		in.wake = nil
	}
	in.pump.Wait()
	for _, f := range append(append([]*os.File{in.fifo, in.fifoHold}, in.ends...), in.writers...) {
		if f != nil {
			f.Close()
		}
	}
	in.fifo, in.fifoHold, in.ends, in.writers = nil, nil, nil, nil
	in.unlink()
}
