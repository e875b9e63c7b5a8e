package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/fdpass"
	"github.com/sluicerun/sluice/playback"
	"github.com/sluicerun/sluice/session"
)

// castIn is how recordings are read.
type castIn struct {
	format  string
	timing  string
	input   string
	lenient bool
	shown   bool // what was typed is left out of what a run's logs have
	info    bool // the command is cast info
	options cast.ReadOptions
	opened  []*tape // whose warnings are still to be told
}

func (o *castIn) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "from-format", "", "what FILE is, `FORMAT`, where its content does not say so (raw)")
	f.StringVar(&o.timing, "timing", "", "a typescript's timing `FILE` (default: the one beside it)")
	f.StringVar(&o.input, "typed", "", "a typescript's `FILE` of what was typed, if it is another one")
	f.BoolVar(&o.lenient, "lenient", false, "pass over what makes no sense, with a warning")
}

func (o *castIn) finalize() (err error) {
	o.options = cast.ReadOptions{Timing: o.timing, Input: o.input, Lenient: o.lenient}
	if o.format != "" {
		if o.options.Format, err = cast.ParseFormat(o.format); err != nil {
			return usagef("--from-format: %w", err)
		}
	}
	return nil
}

// tape is a recording that a command reads: a file, a pipe, standard input, or what
// the logs of a run's terminal have.
type tape struct {
	name   string
	path   string   // of a file
	pipe   *os.File // what can be read once only
	dir    string   // of a session's logs
	header cast.Header
	events cast.Events
	reader *cast.Reader // of a file

	mu     sync.Mutex
	moving []*cast.Reader // those of again
}

// open opens FILE, - or RUN[/RANK].
func (o *castIn) open(a *app, arg string) (*tape, error) {
	if err := o.finalize(); err != nil {
		return nil, err
	}
	t, err := o.find(a, arg)
	if err != nil {
		return nil, err
	}
	if t.dir != "" {
		if t.header, t.events, err = session.OpenCast(t.dir, session.CastOptions{Input: !o.shown}); err != nil {
			return nil, err
		}
		return t, nil
	}
	if t.pipe != nil {
		if slices.ContainsFunc(o.opened, func(other *tape) bool { return other.pipe == t.pipe }) {
			return nil, t.twice()
		}
		t.reader, err = cast.NewReader(t.pipe, o.options)
	} else {
		t.reader, err = cast.Open(t.path, o.options)
	}
	if err != nil {
		t.close()
		hint := "--from-format raw takes any bytes; sluice cast info tells what a file is"
		if _, unread := errors.AsType[*fs.PathError](err); unread {
			hint = "" // what it is was not seen
		} else if o.info {
			hint = "--from-format raw takes any bytes"
		}
		return nil, &flagError{err: err, hint: hint}
	}
	t.header, t.events = t.reader.Header(), t.all(o)
	o.opened = append(o.opened, t)
	return t, nil
}

// all are the events of a file, as often as they are wanted.
func (t *tape) all(o *castIn) cast.Events {
	used := false
	return func(yield func(cast.Event, error) bool) {
		if used {
			if t.path == "" {
				yield(cast.Event{}, t.twice())
				return
			}
			t.reader.Close()
			r, err := cast.Open(t.path, o.options)
			if err != nil {
				yield(cast.Event{}, err)
				return
			}
			t.reader = r
		}
		used = true
		for e, err := range t.reader.All() {
			if !yield(e, damaged(err)) {
				return
			}
		}
	}
}

func (t *tape) twice() error {
	return usagef("%s cannot be read twice: put the recording into a file", t.name)
}

// damaged is an error of a recording that is being read.
func damaged(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &flagError{err: err, hint: "--lenient passes over what makes no sense; sluice cast repair FILE takes it out"}
}

// movable is a recording that one can move in.
type movable struct{ *cast.Reader }

func (m movable) Next() (cast.Event, error) {
	e, err := m.Reader.Next()
	return e, damaged(err)
}

// reads tells whether a file is one that is being read.
func (o *castIn) reads(path string) bool {
	st, err := os.Stat(path)
	return err == nil && slices.ContainsFunc(o.opened, func(t *tape) bool {
		of, err := os.Stat(t.path)
		return err == nil && os.SameFile(st, of)
	})
}

// find tells a file from a run.
func (o *castIn) find(a *app, arg string) (*tape, error) {
	if arg == "-" {
		return &tape{name: "standard input", pipe: os.Stdin}, nil
	}
	st, err := os.Stat(arg)
	switch {
	case err == nil && st.IsDir():
		if _, err := os.Stat(filepath.Join(arg, session.TimingFile)); err == nil {
			return &tape{name: filepath.Base(arg), dir: arg}, nil
		}
	case err == nil && !st.Mode().IsRegular(): // a FIFO, or <(COMMAND) of a shell
		f, err := os.Open(arg)
		if err != nil {
			return nil, fmt.Errorf("reading a recording: %w", err)
		}
		return &tape{name: filepath.Base(arg), pipe: f}, nil
	case err == nil:
		return &tape{name: filepath.Base(arg), path: arg}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading a recording: %w", err)
	}
	p, rerr := a.onePlace(context.Background(), arg)
	if rerr != nil {
		if err == nil {
			return nil, usagef("%s is a folder, and no terminal's logs are in it", arg)
		}
		if strings.ContainsAny(arg, "./") {
			return nil, usagef("%s is neither a recording nor a run: there is no such file", arg)
		}
		return nil, rerr
	}
	if p.rec.Spec.Pty == nil {
		return nil, usagef("%s has no terminal, and so no recording: start it with sluice rec or sluice run --pty", p)
	}
	if err := p.local(); err != nil {
		return nil, err
	}
	return &tape{name: p.String(), dir: p.dir()}, nil
}

// close lets go of the file.
func (t *tape) close() {
	if t.reader != nil {
		t.reader.Close()
	}
	if t.pipe != nil && t.pipe != os.Stdin {
		t.pipe.Close()
	}
}

// close lets go of all files, and tells what was not as it should be in them.
func (o *castIn) close(a *app) {
	for _, t := range o.opened {
		for _, w := range t.warnings() {
			fmt.Fprintln(a.stderr, "sluice:", warned(t.name, w))
		}
		t.close()
	}
}

// warnings are those of all who have read it, each once.
func (t *tape) warnings() (all []cast.Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range append([]*cast.Reader{t.reader}, t.moving...) {
		for _, w := range r.Warnings() {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}

// warned is a warning about a file.
func warned(file string, w cast.Warning) string {
	if w.Line > 0 {
		return fmt.Sprintf("%s, line %d: %s", file, w.Line, w.Text)
	}
	return file + ": " + w.Text
}

// source opens the recording as one that one can move in; done lets go of it.
func (t *tape) source(o *castIn) (src playback.Source, done func(), err error) {
	open, forget, err := t.again(o)
	if err != nil {
		return nil, nil, err
	}
	if src, err = open(); err != nil {
		forget()
		return nil, nil, err
	}
	return src, func() {
		if c, is := src.(io.Closer); is {
			c.Close()
		}
		forget()
	}, nil
}

// again opens a recording that one can move in, for the player and for searches.
// Its logs, or what comes from a pipe, are put into a file that nobody else sees.
func (t *tape) again(o *castIn) (open func() (playback.Source, error), done func(), err error) {
	done = func() {}
	path, opt := t.path, o.options
	if path == "" {
		f, err := os.CreateTemp("", "sluice-recording-")
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", t.name, err)
		}
		if path, done, err = unnamed(f); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("reading %s: %w", t.name, err), f.Close())
		}
		if err := t.copyTo(f); err != nil {
			done()
			return nil, nil, fmt.Errorf("reading %s: %w", t.name, err)
		}
		opt = cast.ReadOptions{Lenient: o.lenient}
	}
	return func() (playback.Source, error) {
		r, err := cast.Open(path, opt)
		if err == nil && t.path != "" {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.moving = append(t.moving, r)
		}
		return movable{r}, err
	}, done, nil
}

// unnamed takes a file's name away, so that nothing of it is left however we end
// (by | head, for one), and returns a path that leads to it until done. Where there
// is no such path it keeps its name until then.
func unnamed(f *os.File) (path string, done func(), err error) {
	keep, err := os.Open(f.Name())
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(f.Name()))
	}
	if fd, err := fdpass.Descriptor(keep); err == nil && runtime.GOOS == "linux" {
		path := fmt.Sprintf("/proc/self/fd/%d", fd)
		if _, err := os.Stat(path); err == nil {
			return path, func() { keep.Close() }, os.Remove(f.Name())
		}
	}
	keep.Close()
	return f.Name(), func() { os.Remove(f.Name()) }, nil
}

func (t *tape) copyTo(f io.WriteCloser) error {
	if t.dir != "" {
		return errors.Join(session.WriteCast(t.dir, f, session.CastOptions{Format: cast.V2, Input: true}), f.Close())
	}
	c, err := cast.NewWriter(f, cast.V2, t.header)
	if err == nil {
		c.SetExact(true)
		err = copyEvents(c, t.events)
	}
	return errors.Join(err, f.Close())
}

// copyEvents writes events to their end.
func copyEvents(c *cast.Writer, events cast.Events) error {
	for e, err := range events {
		if err == nil {
			err = c.Write(e)
		}
		if err != nil {
			return cmp.Or(err, c.Close()) // a disk is full for both
		}
	}
	return c.Close()
}
