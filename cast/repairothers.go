package cast

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// frames repairs a file of ttyrec: the length of a frame that is cut becomes that
// of what there is.
func (rep *Report) frames(own *os.File, src *ttyrecSource) error {
	size, err := own.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	src.lenient = false // where the next frame would be, nobody knows
	for {
		at := src.in.offset
		var e Event
		err := src.next(&e)
		if err == io.EOF {
			if size > at {
				rep.Changed, rep.Lost = true, size-at
				return own.Truncate(at)
			}
			return nil
		}
		if err != nil {
			return err
		}
		rep.Events++
		have := size - at - frameHeader
		if src.in.offset == size && have < int64(src.n) {
			rep.Changed = true
			_, err := own.WriteAt(binary.LittleEndian.AppendUint32(nil, uint32(have)), at+8)
			return err
		}
	}
}

// timing repairs the timing file of a typescript: it ends where the typescript
// does, and has all of it.
func (rep *Report) timing(r *Reader, src *scriptSource) error {
	name := r.files[1].(*os.File).Name()
	own, err := openOwn(name, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("the timing file: %w", err)
	}
	defer own.Close()
	size, err := own.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	keep, entry := int64(-1), []byte(nil) // the timing file's length, if it changes, and what comes then
	for keep < 0 {
		p := src.position()
		line, whole, err := src.timing.line()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("the timing file: %w", err)
		}
		src.line++
		if !whole {
			r.warn.add(src.line, "the timing file's last line is cut, and taken off")
			keep = p.Timing
			break
		}
		var e Event
		skip, err := src.entry(&e, bytes.Trim(line, "\r\x00"), whole)
		var bad badEntry
		switch n := lineSize(line); {
		case errors.As(err, &bad):
			r.warn.add(src.line, "the timing file's line makes no sense, and is left as it is: %v", err)
		case err != nil:
			return err
		case (e.Code == Output || e.Code == Input && src.input == src.in) && len(e.Data) < n:
			keep = p.Timing
			if len(e.Data) > 0 {
				entry = append(entry, bytes.TrimSuffix(line, strconv.AppendInt(nil, int64(n), 10))...)
				entry = append(strconv.AppendInt(entry, int64(len(e.Data)), 10), '\n')
				rep.Events++
			}
		case !skip:
			rep.Events++
		}
	}
	// What the typescript has behind that.
	n := 0
	for {
		p, status, err := src.rest.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if status != nil && src.classic {
			rep.Events++
		}
		n += len(p)
	}
	if n > 0 {
		if keep < 0 {
			keep = size
		}
		if !src.classic {
			entry = append(entry, "O "...)
		}
		entry = fmt.Appendf(entry, "0.000000 %d\n", n)
		rep.Events++
		r.warn.add(0, "the end of the typescript has no times: it comes at once")
	}
	if keep < 0 {
		return nil
	}
	rep.Changed, rep.Lost = true, max(0, size-keep-int64(len(entry)))
	_, err = own.WriteAt(entry, keep)
	return errors.Join(err, own.Truncate(keep+int64(len(entry))))
}

// lineSize is the number of bytes that a line of a timing file tells of.
func lineSize(line []byte) int {
	i := bytes.LastIndexByte(line, ' ')
	n, _ := natural(line[i+1:])
	return n
}
