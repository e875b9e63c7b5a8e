package redirect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// target is one stream and the file it shall go to.
type target struct {
	stream stream
	path   string
}

// logfile is a target's file while the redirection is being set up.
type logfile struct {
	target
	d descriptor
	// made tells that the file was not there before, and goes again on failure.
	made bool
	// shared tells that d belongs to a description that is in use already.
	shared bool
}

// redirect does everything that can fail before it touches a descriptor.
func redirect(targets []target, o Options) (_ *Redirection, err error) {
	var files []*logfile
	r := &Redirection{flush: o.Flush}
	defer func() {
		if err != nil {
			abandon(files, r)
		}
	}()
	// Opening is done with the chains unlocked: a FIFO without a reader makes
	// it wait.
	for _, t := range targets {
		f := &logfile{target: t, d: noDescriptor}
		files = append(files, f)
		if f.d, f.made, err = openFile(t.path, o.Perm); err != nil {
			return nil, fmt.Errorf("redirecting %s: %w", t.stream, advise(t.path, err))
		}
	}

	chains.Lock()
	defer chains.Unlock()
	for i, f := range files {
		if err = f.share(files[:i]); err == nil {
			err = r.add(f, o)
		}
		if err != nil {
			return nil, fmt.Errorf("redirecting %s to %s: %w", f.stream, f.path, err)
		}
	}
	if o.Flush != nil {
		if err = o.Flush(); err != nil {
			return nil, fmt.Errorf("redirecting %s: flushing buffers first: %w", files[0].stream, err)
		}
	}
	for _, f := range files {
		if !o.Append && !f.shared {
			if err = f.d.truncate(); err != nil {
				return nil, fmt.Errorf("redirecting %s to %s: truncating it: %w", f.stream, f.path, err)
			}
		}
	}
	if err = r.place(); err != nil {
		return nil, err
	}
	return r, nil
}

// share replaces f's description by the one of an earlier file or layer that
// writes to the same file.
func (f *logfile) share(earlier []*logfile) error {
	var in []descriptor
	for _, e := range earlier {
		in = append(in, e.d)
	}
	for _, s := range streams {
		for _, l := range chains.of[s] {
			in = append(in, l.log)
		}
	}
	for _, d := range in {
		if !d.sameFile(f.d) {
			continue
		}
		dup, err := d.dup()
		if err != nil {
			return err
		}
		f.d.close()
		f.d, f.shared = dup, true
		return nil
	}
	return nil
}

// add prepares a layer over f without putting it in force.
func (r *Redirection) add(f *logfile, o Options) error {
	was, err := save(f.stream)
	if err != nil {
		return fmt.Errorf("keeping the former %s: %w", f.stream, err)
	}
	l := &layer{stream: f.stream, owner: r, log: f.d, former: was, in: noDescriptor}
	r.layers = append(r.layers, l)
	if !o.Tee {
		return nil
	}
	if len(r.layers) == 2 {
		first := r.layers[0]
		if first.log.sameFile(l.log) && first.former.samePipe(l.former) && mergeable(top(stdout), top(stderr)) {
			r.merged = true
			l.pump = first.pump
			return nil
		}
	}
	l.pump, err = newPump(f.path, l.log, l.former)
	return err
}

// place puts the layers in force, all or none.
func (r *Redirection) place() error {
	syscall.ForkLock.RLock() // a child gets both streams or neither, see unlink
	for i, l := range r.layers {
		d := l.log
		if l.pump != nil {
			d = l.pump.in
		}
		if err := place(l.stream, d); err != nil {
			for _, done := range r.layers[:i] {
				err = errors.Join(err, done.former.putBack(done.stream))
			}
			syscall.ForkLock.RUnlock()
			return fmt.Errorf("redirecting %s: %w", l.stream, err)
		}
	}
	syscall.ForkLock.RUnlock()
	for _, l := range r.layers {
		chains.of[l.stream] = append(chains.of[l.stream], l)
		if l.pump != nil {
			l.in = l.pump.start()
		}
	}
	return nil
}

// abandon closes what a failed call has opened.
func abandon(files []*logfile, r *Redirection) {
	var done *pump
	for _, l := range r.layers {
		l.former.close()
		if l.pump != nil && l.pump != done {
			done = l.pump
			done.discard()
		}
	}
	for _, f := range files {
		f.d.close()
		if f.made {
			_ = os.Remove(f.path)
		}
	}
}

// advise adds what to do to errors that people meet.
func advise(path string, err error) error {
	if path == "" {
		return errors.New("the path is empty: name a file")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: make its directory first", err)
	}
	return err
}
