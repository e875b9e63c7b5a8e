package redirect

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// descriptor is a handle in Go's wrapping, since os.Stdout has to be one.
type descriptor struct{ f *os.File }

var noDescriptor = descriptor{}

func (d descriptor) close() {
	if d.f != nil {
		_ = d.f.Close()
	}
}

func (d descriptor) dup() (descriptor, error) {
	h, err := duplicate(windows.Handle(d.f.Fd()))
	if err != nil {
		return noDescriptor, err
	}
	return descriptor{os.NewFile(uintptr(h), d.f.Name())}, nil
}

func duplicate(h windows.Handle) (windows.Handle, error) {
	var to windows.Handle
	self := windows.CurrentProcess()
	err := windows.DuplicateHandle(self, h, self, &to, 0, false, windows.DUPLICATE_SAME_ACCESS)
	if err != nil {
		return 0, fmt.Errorf("DuplicateHandle: %w", err)
	}
	return to, nil
}

func (d descriptor) sameFile(e descriptor) bool {
	a, err := d.f.Stat()
	if err != nil {
		return false
	}
	b, err := e.f.Stat()
	return err == nil && os.SameFile(a, b)
}

// truncate goes by a second handle: one for appending only has no right to it.
func (d descriptor) truncate() error {
	if st, err := d.f.Stat(); err != nil || !st.Mode().IsRegular() {
		return err
	}
	return os.Truncate(d.f.Name(), 0)
}

func (d descriptor) write(p []byte) (int, error) { return d.f.Write(p) }

func openFile(path string, perm fs.FileMode) (descriptor, bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	made := false
	if os.IsNotExist(err) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, perm)
		made = err == nil
	}
	if err != nil {
		return noDescriptor, false, err
	}
	return descriptor{f}, made, nil
}

// former is what a stream was: the process's handle and Go's variable.
type former struct {
	h windows.Handle
	f *os.File
}

// standard is the stream's variable and the number of its handle.
func (s stream) standard() (**os.File, uint32) {
	if s == stderr {
		return &os.Stderr, windows.STD_ERROR_HANDLE
	}
	return &os.Stdout, windows.STD_OUTPUT_HANDLE
}

func save(s stream) (former, error) {
	file, id := s.standard()
	h, err := windows.GetStdHandle(id)
	if err != nil {
		return former{}, fmt.Errorf("GetStdHandle: %w", err)
	}
	return former{h, *file}, nil
}

func (f former) putBack(s stream) error {
	file, id := s.standard()
	if err := windows.SetStdHandle(id, f.h); err != nil {
		return fmt.Errorf("SetStdHandle: %w", err)
	}
	*file = f.f
	return nil
}

func (f former) close() {}

func (f former) valid() bool { return f.h != 0 && f.h != windows.InvalidHandle }

func (f former) destination() (descriptor, error) {
	if !f.valid() {
		return noDescriptor, nil
	}
	h, err := duplicate(f.h)
	if err != nil {
		return noDescriptor, err
	}
	return descriptor{os.NewFile(uintptr(h), "former")}, nil
}

// samePipe only knows the plain case, in which both have the same handle.
func (f former) samePipe(g former) bool { return f.valid() && f.h == g.h }

func place(s stream, d descriptor) error {
	file, id := s.standard()
	if err := windows.SetStdHandle(id, windows.Handle(d.f.Fd())); err != nil {
		return fmt.Errorf("SetStdHandle: %w", err)
	}
	*file = d.f
	return nil
}
