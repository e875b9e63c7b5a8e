package cast

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// CreateOptions say what Create does with a file that is there already. The zero
// value refuses it.
type CreateOptions struct {
	// Overwrite empties it.
	Overwrite bool
	// Append goes on at its end, in its format: in an empty file as if there were
	// none. What Writer is given then counts from the end, and the recording says what
	// size the terminal has now; nothing else of the header is written.
	//
	// A last line that is cut is made whole first, as Repair does. A file with damage in
	// its middle is refused: what to do with that is not ours to say.
	Append bool
	// Repaired, if not nil, is told what was mended of a file that is appended to.
	Repaired func(Report)
	// Retry is asked when a write fails, once for each failure; if it returns true,
	// the rest is tried again. nil: never.
	Retry func(error) bool
	// Buffered: many events are one write, for who has them all at hand. Otherwise
	// each is in the file when its method returns.
	Buffered bool
}

// TimingFile is the name of the timing file that Create makes for a typescript.
func TimingFile(path string) string { return path + ".timing" }

// Create makes the file of a recording, of mode 0600; Close closes it. Symbolic
// links and what is no file are refused. A typescript gets a second file, named by
// TimingFile. To append, f may be 0: the format that the file has.
//
// When a write fails, what of the event has come to the file is taken off again.
func Create(path string, f Format, h Header, o CreateOptions) (*Writer, error) {
	if o.Append && o.Overwrite {
		return nil, fmt.Errorf("recording to %s: it cannot be appended to and overwritten", path)
	}
	if o.Append {
		if st, err := os.Lstat(path); err == nil && st.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			c, err := appendTo(path, f, h, o)
			if err != nil {
				return nil, fmt.Errorf("appending to %s: %w", path, err)
			}
			return c, nil
		}
		o.Overwrite = true
		if f == 0 {
			f, h = V2, h.In(V2)
		}
	}
	if _, err := newEncoder(f, fileNames{}); err != nil {
		return nil, fmt.Errorf("recording to %s: %w", path, err)
	}
	names := fileNames{typescript: path}
	paths := []string{path}
	if f == Script || f == ScriptClassic {
		names.timing = TimingFile(path)
		paths = append(paths, names.timing)
	}
	c := &Writer{}
	var made []string
	drop := func(err error) error {
		for _, f := range c.files {
			err = errors.Join(err, f.Close())
		}
		for _, path := range made {
			err = errors.Join(err, os.Remove(path))
		}
		return err
	}
	for _, path := range paths {
		_, err := os.Lstat(path)
		file, err2 := create(path, o)
		if err2 != nil {
			return nil, drop(fmt.Errorf("recording to %s: %w", path, err2))
		}
		if err != nil {
			made = append(made, path)
		}
		c.files = append(c.files, file)
	}
	c.w = c.files[0].(io.Writer)
	if len(paths) > 1 {
		c.timing = c.files[1].(io.Writer)
	}
	if _, err := newWriter(c, f, h, names); err != nil {
		return nil, drop(err)
	}
	return c, nil
}

// create makes an empty file.
func create(path string, o CreateOptions) (*file, error) {
	if o.Overwrite {
		f, err := openOwn(path, os.O_WRONLY|os.O_CREATE)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(f.Chmod(0o600), f.Truncate(0)); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return newFile(f, 0, o), nil
	}
	f, err := openOwn(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w\ngive it another name, or ask to overwrite it or to append to it", fs.ErrExist)
	}
	if err != nil {
		return nil, err
	}
	return newFile(f, 0, o), nil
}

// errLocked is that two would write into each other's recording.
var errLocked = errors.New("another recorder writes to it now\nname another file, or wait for its end")

// openOwn opens a file that is one, no symbolic link and no device: somebody else
// may have put these there, to have a file written that is not meant. Nobody else
// can open it so until it is closed.
func openOwn(path string, flags int) (*os.File, error) {
	if st, err := os.Lstat(path); err == nil {
		if st.Mode()&fs.ModeSymlink != 0 {
			return nil, errors.New("it is a symbolic link, and recordings do not go where links point\nname the file itself")
		}
		if !st.Mode().IsRegular() {
			return nil, errors.New("it is no regular file")
		}
	}
	f, err := os.OpenFile(path, flags|nofollow, 0o600)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(err, errors.New("it is no regular file"), f.Close())
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// file is one to whose end events are written whole, or not at all.
type file struct {
	*os.File
	size  int64
	retry func(error) bool
	// buf collects what is to be written at once; nil: every event is.
	buf []byte
}

// fileBuffer is how much is written at once to files that are buffered.
const fileBuffer = 256 << 10

func newFile(f *os.File, size int64, o CreateOptions) *file {
	own := &file{File: f, size: size, retry: o.Retry}
	if o.Buffered {
		own.buf = make([]byte, 0, fileBuffer)
	}
	return own
}

func (f *file) Write(p []byte) (int, error) {
	if f.buf == nil {
		return len(p), f.put(p)
	}
	if len(f.buf)+len(p) > fileBuffer {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) > fileBuffer {
		return len(p), f.put(p)
	}
	f.buf = append(f.buf, p...)
	return len(p), nil
}

func (f *file) flush() error {
	b := f.buf
	f.buf = f.buf[:0]
	return f.put(b)
}

func (f *file) put(p []byte) error {
	for done := 0; done < len(p); {
		n, err := f.File.Write(p[done:])
		done += n
		if err == nil || f.retry != nil && f.retry(err) {
			continue
		}
		if done > 0 {
			err = errors.Join(err, f.Truncate(f.size))
		}
		return err
	}
	f.size += int64(len(p))
	return nil
}

// Close writes what has been collected.
func (f *file) Close() error { return errors.Join(f.flush(), f.File.Close()) }

// appendTo opens a recording to go on at its end.
func appendTo(path string, f Format, h Header, o CreateOptions) (*Writer, error) {
	own, err := openOwn(path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	c := &Writer{}
	if err := c.goOn(&own, path, f, h, o); err != nil {
		if own != nil {
			err = errors.Join(err, own.Close())
		}
		return nil, err
	}
	return c, nil
}

// goOn makes own another file if the recording is one after its repair.
func (c *Writer) goOn(own **os.File, path string, f Format, h Header, o CreateOptions) error {
	h.Width, h.Height = h.Size()
	if err := h.check(); err != nil {
		return err
	}
	r, last, err := appendable(path, f)
	if err != nil {
		return err
	}
	defer r.Close()
	have := r.Format()
	if have == V2 || have == TTYRec { // their times count from the begin
		c.offset = last
	}
	if have != Raw {
		// The repair has it to itself, and may put another file in its place.
		(*own).Close()
		*own = nil
		rep, err := Repair(path)
		if err != nil {
			return err
		}
		if rep.Changed && o.Repaired != nil {
			o.Repaired(rep)
		}
		if *own, err = openOwn(path, os.O_WRONLY|os.O_APPEND); err != nil {
			*own = nil
			return err
		}
	}
	if c.enc, err = newEncoder(have, fileNames{}); err != nil {
		return err
	}
	size, err := (*own).Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	at := newFile(*own, size, o)
	c.w, c.last, c.files = at, c.offset, []io.Closer{at}
	switch e := c.enc.(type) {
	case *ttyrecEncoder:
		e.base = r.src.(*ttyrecSource).base
	case *rawEncoder:
		e.begin(&c.out, &h)
		return c.flush()
	}
	return c.Write(Event{Code: Resize, Cols: h.Width, Rows: h.Height})
}

// CheckAppend tells why Create could not append to a recording, in the format f or, if
// that is 0, the file's own.
func CheckAppend(path string, f Format) error {
	r, _, err := appendable(path, f)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	return r.Close()
}

// appendable reads a recording that is to be gone on with. last is when its last event
// is.
func appendable(path string, f Format) (r *Reader, last time.Duration, err error) {
	how := ReadOptions{}
	if f == Raw {
		how.Format = Raw
	}
	if r, err = Open(path, how); err != nil {
		return nil, 0, err
	}
	have := r.Format()
	switch {
	case f != 0 && f != have:
		err = fmt.Errorf("it is of the format %v, not %v: append in its format, or convert it before", have, f)
	case have == V1:
		err = errors.New("version 1 is one object of JSON, with nothing behind it: convert it to version 2 or 3 before")
	case have == Script || have == ScriptClassic:
		err = errors.New("a typescript cannot be gone on with: script itself empties the timing file then\nrecord to another file, and join the two")
	case have == Raw: // any bytes are
	default:
		for e, bad := range r.All() {
			if bad != nil {
				err = fmt.Errorf("%w\nsluice cast repair takes it out", bad)
				break
			}
			last = e.Time
		}
	}
	if err != nil {
		return nil, 0, errors.Join(err, r.Close())
	}
	return r, last, nil
}
