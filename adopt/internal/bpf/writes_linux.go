package bpf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// look is how often is looked whether something did not fit.
const look = 100 * time.Millisecond

// Watch is a process whose writes are being collected by the kernel.
type Watch struct {
	maps
	prog *ebpf.Program
	link link.Link
	read *ringbuf.Reader
	told uint64 // of what did not fit
}

// Open begins to collect what the process pid writes to the descriptors fds. The
// error wraps errors.ErrUnsupported if the kernel cannot, and fs.ErrPermission if
// it does not let us.
func Open(pid int, fds []int) (*Watch, error) {
	if machine == nil {
		return nil, fmt.Errorf("the registers of %s are not known here: %w", runtime.GOARCH, errors.ErrUnsupported)
	}
	who, err := lookUp(pid)
	if err != nil {
		return nil, err
	}
	w := &Watch{}
	if err := w.open(who, fds); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *Watch) open(who whom, fds []int) (err error) {
	if err = w.create(); err != nil {
		return err
	}
	if w.prog, err = ebpf.NewProgram(program(*machine, who, fds, w.maps)); err != nil {
		return fmt.Errorf("loading the program: %w", err)
	}
	if w.read, err = ringbuf.NewReader(w.ring); err != nil {
		return err
	}
	if w.link, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sys_exit", Program: w.prog}); err != nil {
		return fmt.Errorf("attaching to sys_exit: %w", err)
	}
	return nil
}

// create makes the maps.
func (m *maps) create() error {
	for _, spec := range []struct {
		to *(*ebpf.Map)
		ebpf.MapSpec
	}{
		{&m.ring, ebpf.MapSpec{Name: "sluice_ring", Type: ebpf.RingBuf, MaxEntries: ring}},
		{&m.scratch, ebpf.MapSpec{Name: "sluice_piece", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: scratch, MaxEntries: 1}},
		{&m.lost, ebpf.MapSpec{Name: "sluice_lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}},
	} {
		var err error
		if *spec.to, err = ebpf.NewMap(&spec.MapSpec); err != nil {
			return err
		}
	}
	return nil
}

func (m *maps) close() {
	for _, one := range []*ebpf.Map{m.ring, m.scratch, m.lost} {
		if one != nil {
			one.Close()
		}
	}
}

// Run gives out what each call wrote, until ctx is done; then what was written
// until then, and returns nil. data is valid only until emit returns. lost are the
// bytes that were written after it and could not be had; with fd -1 it is not known
// which descriptor's they were.
func (w *Watch) Run(ctx context.Context, emit func(fd int, data []byte, lost int64) error) error {
	defer context.AfterFunc(ctx, func() { w.read.SetDeadline(time.Unix(1, 0)) })()
	a := assembly{open: map[uint32]*whole{}, emit: func(o whole) error { return emit(o.fd, o.data, o.lost) }}
	var rec ringbuf.Record
	for flushing := false; ; {
		if !flushing {
			w.read.SetDeadline(time.Now().Add(look))
		}
		if ctx.Err() != nil && !flushing {
			// No more comes in, and what has is read until there is no more.
			w.link.Close()
			w.link = nil
			flushing = true
			w.read.SetDeadline(time.Time{})
			if err := w.read.Flush(); err != nil {
				return err
			}
		}
		err := w.read.ReadInto(&rec)
		switch {
		case errors.Is(err, ringbuf.ErrFlushed):
			if err := a.flush(); err != nil {
				return err
			}
			return w.tellLost(emit)
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := w.tellLost(emit); err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("reading the ring buffer: %w", err)
		}
		r, err := parse(rec.RawSample)
		if err != nil {
			return err
		}
		if err := a.add(r); err != nil {
			return err
		}
	}
}

// tellLost gives out what has not fitted into the ring since the last time.
func (w *Watch) tellLost(emit func(int, []byte, int64) error) error {
	value := make([]byte, 8)
	if err := w.lost.Lookup(uint32(0), value); err != nil {
		return err
	}
	n := binary.NativeEndian.Uint64(value)
	d := n - w.told
	w.told = n
	if d == 0 {
		return nil
	}
	return emit(-1, nil, int64(d))
}

// Missed is how many calls the program was not run for, as the kernel counts them.
func (w *Watch) Missed() (uint64, error) {
	stats, err := w.prog.Stats()
	if err != nil {
		return 0, err
	}
	return stats.RecursionMisses, nil
}

// Close takes the program out of the kernel.
func (w *Watch) Close() {
	if w.link != nil {
		w.link.Close()
	}
	if w.read != nil {
		w.read.Close()
	}
	if w.prog != nil {
		w.prog.Close()
	}
	w.maps.close()
}

// firstPIDNS is the inode number of the machine's first pid namespace
// (PROC_PID_INIT_INO).
const firstPIDNS = 0xEFFFFFFC

// lookUp finds out how the kernel calls the process.
func lookUp(pid int) (whom, error) {
	const proc = procfs.FS("/proc")
	var own, its unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &own); err != nil {
		return whom{}, &os.PathError{Op: "stat", Path: "/proc/self/ns/pid", Err: err}
	}
	if own.Ino == firstPIDNS {
		return whom{pid: pid}, nil
	}
	path := filepath.Join("/proc", strconv.Itoa(pid), "ns/pid")
	if err := unix.Stat(path, &its); err != nil {
		return whom{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	st, err := proc.Status(pid)
	if err != nil {
		return whom{}, err
	}
	if n := len(st.NSpid); n > 0 {
		pid = st.NSpid[n-1]
	}
	// Inside the kernel a device's number is made up otherwise than for stat(2).
	dev := uint64(unix.Major(its.Dev))<<20 | uint64(unix.Minor(its.Dev))
	return whom{pid: pid, dev: dev, ino: its.Ino}, nil
}
