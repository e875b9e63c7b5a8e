package launch

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
)

// dupLine is the most of a line that is searched; what is longer is judged by
// its beginning.
const dupLine = 1 << 20

// duplicate copies the lines of one tee'd log that hold one of some texts to a
// file that all ranks share (torchrun's --duplicate-stdout-filters). It reads the
// log as any follower does, and so holds up nobody.
type duplicate struct {
	log    *stream.Log
	texts  []string
	prefix []byte
	out    *os.File // O_APPEND: whole lines of several ranks do not mix

	wake  chan struct{}
	ended chan struct{}
	quit  chan struct{}

	off  int64
	line []byte
	over overlong
	err  error
}

// overlong is what becomes of the rest of a line that was judged already.
type overlong int

const (
	short overlong = iota
	copied
	skipped
)

// duplicateOf starts the copy of a stream, if one is asked for.
func (h *Handle) duplicateOf(w *worker, t *tap) (*duplicate, error) {
	texts := h.spec.Torch.Duplicates(t.std)
	if len(texts) == 0 || !h.spec.Console.Shows(w.rank, w.local) {
		return nil, nil
	}
	name := filepath.Join(filepath.Dir(w.dir), "filtered_"+t.std.String()+".log")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, explain("making "+name, err)
	}
	d := &duplicate{log: t.log, texts: texts, out: f, prefix: []byte(h.dupPrefix(w, t.std)),
		wake: make(chan struct{}, 1), ended: make(chan struct{}), quit: make(chan struct{})}
	go d.run()
	return d, nil
}

// dupPrefix tells whose line it is.
func (h *Handle) dupPrefix(w *worker, s job.Stream) string {
	if p := h.spec.Console.Prefix; p != nil {
		f := h.fields(w, s)
		return string(p.Append(nil, &f))
	}
	return "[" + strconv.Itoa(w.rank) + "] "
}

func (d *duplicate) grew() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// finish reads the log to its end and closes the file.
func (d *duplicate) finish() error {
	close(d.quit)
	<-d.ended
	return d.err
}

func (d *duplicate) run() {
	defer close(d.ended)
	buf := make([]byte, 64<<10)
	for {
		last := false
		select {
		case <-d.wake:
		case <-d.quit:
			last = true
		}
		for size := d.log.Size(); d.off < size; {
			n, err := d.log.ReadAt(buf[:min(int64(len(buf)), size-d.off)], d.off)
			d.off += int64(n)
			d.feed(buf[:n])
			if n == 0 && err != nil {
				d.fail(err)
				break
			}
		}
		if last {
			d.last()
			return
		}
	}
}

// last is called at the end of the log. A line that was not ended is ended here,
// as the file is shared.
func (d *duplicate) last() {
	switch {
	case len(d.line) > 0:
		d.judge(append(d.line, '\n'))
	case d.over == copied:
		d.write([]byte{'\n'})
	}
	d.fail(d.out.Close())
}

func (d *duplicate) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *duplicate) feed(b []byte) {
	for len(b) > 0 {
		part, whole := b, false
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			part, whole = b[:i+1], true
		}
		if room := dupLine - len(d.line); d.over == short && len(part) > room {
			part, whole = part[:room], false
		}
		b = b[len(part):]
		switch {
		case d.over == copied:
			d.write(part)
		case d.over == skipped:
		case whole || len(d.line)+len(part) == dupLine:
			d.line = append(d.line, part...)
			d.over = skipped
			if d.judge(d.line) {
				d.over = copied
			}
			d.line = d.line[:0]
		default:
			d.line = append(d.line, part...)
		}
		if whole {
			d.over = short
		}
	}
}

// judge writes a line that holds one of the texts.
func (d *duplicate) judge(line []byte) bool {
	for _, t := range d.texts {
		if bytes.Contains(line, []byte(t)) {
			d.write(append(bytes.Clone(d.prefix), line...))
			return true
		}
	}
	return false
}

func (d *duplicate) write(b []byte) {
	_, err := d.out.Write(b)
	d.fail(err)
}
