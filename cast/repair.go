package cast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/sluicerun/sluice/internal/atomicfile"
)

// Report is what Repair has found and done.
type Report struct {
	Format Format
	// Events is the number of events that the recording has now.
	Events int
	// Lost is how many bytes of the file were of no use, and are gone.
	Lost int64
	// Changed tells whether the file is another one than before, and Notes what was
	// not as it should be, whether it could be changed or not.
	Changed bool
	Notes   []Warning
}

// Repair makes a recording whole whose recorder was killed, or whose file system
// was not told in time: a last line or frame that is cut is completed with what is
// left of its text, or taken off; lines that make no sense are taken out; times
// and bytes of a typescript are made to fit. The rest stays as it is, to the byte.
// Only a file with damage in its middle, or of version 1, is written anew, beside
// itself, and then put in its place. Symbolic links are refused.
func Repair(path string) (Report, error) {
	rep, err := repair(path)
	if err != nil {
		return rep, fmt.Errorf("repairing %s: %w", path, err)
	}
	return rep, nil
}

func repair(path string) (rep Report, err error) {
	own, err := openOwn(path, os.O_RDWR)
	if err != nil {
		return rep, err
	}
	defer own.Close()
	r, err := Open(path, ReadOptions{Lenient: true})
	if err != nil {
		return rep, err
	}
	defer r.Close()
	rep.Format = r.Format()
	switch src := r.src.(type) {
	case *lineSource:
		err = rep.lines(own, path, src)
	case *ttyrecSource:
		err = rep.frames(own, src)
	case *scriptSource:
		err = rep.timing(r, src)
	default:
		if err = rep.read(r); err == nil && rep.Format == V1 && len(r.Warnings()) > 0 {
			err = rep.again(own, path, r)
		}
	}
	rep.Notes = r.Warnings()
	return rep, err
}

// read counts the events of r.
func (rep *Report) read(r *Reader) error {
	rep.Events = 0
	for _, err := range r.All() {
		if err != nil {
			return err
		}
		rep.Events++
	}
	return nil
}

// lines repairs a file of lines, whose header src has read.
func (rep *Report) lines(own *os.File, path string, src *lineSource) error {
	begin := src.position()
	keep := begin.Offset // up to here all is well
	var tail []byte      // what is to come behind it
	middle := false      // but there is something behind
	check := func(raw []byte, bad bool) error {
		if bad {
			rep.Changed = true
			return nil
		}
		middle = middle || rep.Changed
		if !middle {
			keep += int64(len(raw))
		}
		return nil
	}
	if err := rep.each(src, check, &tail); err != nil {
		return err
	}
	if !rep.Changed {
		return nil
	}
	if !middle {
		if err := own.Truncate(keep); err != nil {
			return err
		}
		_, err := own.WriteAt(tail, keep)
		return err
	}
	if err := src.seek(begin); err != nil {
		return err
	}
	return replace(own, path, func(w io.Writer) error {
		if _, err := io.Copy(w, io.NewSectionReader(own, 0, begin.Offset)); err != nil {
			return err
		}
		err := rep.each(src, func(raw []byte, bad bool) error {
			if bad {
				return nil
			}
			_, err := w.Write(raw)
			return err
		}, &tail)
		if err != nil {
			return err
		}
		_, err = w.Write(tail)
		return err
	})
}

// each gives all lines, with their ends, and whether they are bad. If the last one
// has no end, tail is what is to be in its place.
func (rep *Report) each(src *lineSource, yield func(raw []byte, bad bool) error, tail *[]byte) error {
	var raw []byte
	rep.Events, rep.Lost, *tail = 0, 0, nil
	for {
		line, whole, err := src.in.line()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", src.line+1, err)
		}
		src.line++
		if cap(raw) > keptBuffer {
			raw = nil
		}
		raw = append(raw[:0], line...)
		var e Event
		told := len(src.warn.all)
		skip, err := src.event(&e, line, whole)
		if err == nil && !skip {
			rep.Events++
		}
		if whole {
			raw = append(raw, '\n')
			if err != nil {
				src.warn.add(src.line, "it is taken out: %v", err)
			}
			if rest := bytes.TrimLeft(raw, "\x00"); len(rest) < len(raw) {
				if err := yield(nil, true); err != nil {
					return err
				}
				rep.Lost += int64(len(raw) - len(rest))
				raw = rest
			}
			if err != nil {
				rep.Lost += int64(len(raw))
			}
			if err := yield(raw, err != nil); err != nil {
				return err
			}
			continue
		}
		if text := bytes.Trim(raw, " \t\r\x00"); err == nil && !skip {
			if mended, ok := mend(text); ok && !json.Valid(text) {
				text = mended
			}
			*tail = append(bytes.Clone(text), '\n')
			for i, c := range raw {
				if i == len(text) || text[i] != c {
					rep.Lost += int64(len(raw) - i)
					break
				}
			}
		} else {
			rep.Lost += int64(len(raw))
			if len(src.warn.all) == told { // not said yet
				src.warn.add(src.line, "the last line is cut, and taken off")
			}
		}
		if err := yield(nil, true); err != nil {
			return err
		}
	}
}

// replace puts a new file in the place of own.
func replace(own *os.File, path string, write func(io.Writer) error) error {
	st, err := own.Stat()
	if err != nil {
		return err
	}
	return atomicfile.Replace(path, st.Mode().Perm(), true, write)
}

// again writes a recording of version 1 anew, as it is read.
func (rep *Report) again(own *os.File, path string, r *Reader) error {
	size, err := own.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	src := r.src.(*v1Source)
	if err := r.Seek(Position{Offset: src.offset + 1}); err != nil {
		return err
	}
	rep.Changed = true
	err = replace(own, path, func(w io.Writer) error {
		c, err := NewWriter(w, V1, r.Header())
		if err != nil {
			return err
		}
		for e, err := range r.All() {
			if err != nil {
				return err
			}
			if err := c.Write(e); err != nil {
				return err
			}
		}
		return c.Close()
	})
	if st, err := os.Stat(path); err == nil {
		rep.Lost = max(0, size-st.Size())
	}
	return err
}
