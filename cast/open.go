package cast

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Open opens the recording in a file. What it is, is seen from its content; a
// typescript's timing is looked for beside it (FILE.timing, FILE.tm, timing). Its
// errors name the file.
func Open(path string, o ReadOptions) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a recording: %w", err)
	}
	r := &Reader{name: path, files: []io.Closer{f}, warn: &warnings{}}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		err = errors.New("it is a folder")
		return nil, errors.Join(fmt.Errorf("opening the recording %s: %w", path, err), f.Close())
	}
	if err := r.open(f, path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the recording %s: %w", path, err), r.Close())
	}
	return r, nil
}

// NewReader reads a recording from r. Of a typescript, o tells the other files.
func NewReader(r io.Reader, o ReadOptions) (*Reader, error) {
	c := &Reader{name: "a recording", warn: &warnings{}}
	if err := c.open(r, "", o); err != nil {
		return nil, errors.Join(fmt.Errorf("opening a recording: %w", err), c.Close())
	}
	return c, nil
}

// errNone is for what is not a recording.
var errNone = errors.New(`it is no recording: not an asciicast (version 1, 2 or 3), not a typescript of script, not ttyrec's, and no raw bytes that begin with a size (ESC [ 8 ; rows ; columns t)
to take it as raw bytes nevertheless, name the format raw`)

// bom is a byte order mark.
const bom = "\uFEFF"

// open finds out what the recording is. path is "" if it is no file.
func (r *Reader) open(file io.Reader, path string, o ReadOptions) error {
	in := newInput(file)
	b, err := in.peek(64 << 10)
	if err != nil {
		return err
	}
	format := o.Format
	if format == 0 {
		if format, err = detect(b, o); err != nil {
			return err
		}
	}
	switch format {
	case V1, V2, V3:
		return r.openCast(in, o)
	case Script, ScriptClassic:
		return r.openScript(in, path, o)
	case TTYRec:
		r.format = TTYRec
		r.header, r.src, err = openTTYRec(in, o.Lenient, r.warn)
		return err
	case Raw:
		r.openRaw(in)
		return nil
	}
	return fmt.Errorf("%v is no format of recordings", o.Format)
}

// detect tells the format of what begins with b: V1 for any asciicast.
func detect(b []byte, o ReadOptions) (Format, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(b, []byte(bom)), " \t\r\n")
	_, _, size := parseSize(b)
	switch {
	case len(b) == 0:
		return 0, errors.New("it is empty")
	case isTTYRec(b, len(b) < 64<<10): // first: its first byte is any, and text is none
		return TTYRec, nil
	case len(text) > 0 && text[0] == '{':
		return V1, nil
	case o.Timing != "" || bytes.HasPrefix(b, []byte(typescriptMark)):
		return Script, nil
	case size > 0:
		return Raw, nil
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return 0, errors.New("it is compressed: gunzip it before")
	case bytes.HasPrefix(b, []byte("H 0.000000 ")):
		return 0, errors.New("it is the timing file of a typescript: open the typescript, which it names as OUTPUT_LOG")
	}
	return 0, errNone
}

// openCast opens an asciicast, by its header.
func (r *Reader) openCast(in *input, o ReadOptions) error {
	if b, err := in.peek(len(bom)); err == nil && string(b) == bom {
		in.skip(len(bom))
	}
	var line []byte
	var whole bool
	for n, offset := 0, in.offset; ; offset = in.offset {
		var err error
		if line, whole, err = in.line(); err == io.EOF {
			return errNone
		} else if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		n++
		if blanks(line, 0) == len(line) {
			continue
		}
		fields, end, err := object(line, 0)
		if v := version(fields); err == nil && (v == 2 || v == 3) && blanks(line, end) == len(line) {
			h := headerReader{v: v, line: n, warn: r.warn}
			r.header, r.format = h.read(fields), Format(V1+Format(v)-1)
			r.src = &lineSource{in: in, v: v, lenient: o.Lenient, warn: r.warn, line: n}
			return r.wanted(o)
		} else if err == nil && v > 3 {
			return fmt.Errorf("it is an asciicast of version %d, and 1 to 3 are known", v)
		} else if v == 2 || v == 3 {
			return fmt.Errorf("line %d: its header makes no sense: %w", n, errors.Join(err, behind(line, end, err)))
		}
		// Version 1 may have one line, or many.
		all := bytes.Clone(line)
		if whole {
			all = append(all, '\n')
			for {
				if line, whole, err = in.line(); err == io.EOF {
					break
				} else if err != nil {
					return err
				}
				if all = append(all, line...); whole {
					all = append(all, '\n')
				}
				if len(all) > maxLine {
					return fmt.Errorf("it has more than %d bytes, and no header", maxLine)
				}
			}
		}
		var ok bool
		if r.header, r.src, ok = openV1(all, offset, o.Lenient, r.warn); !ok {
			return errNone
		}
		r.src.(*v1Source).line += n - 1
		r.format = V1
		return r.wanted(o)
	}
}

// behind is an error if there is something behind the header, and it has none.
func behind(line []byte, end int, err error) error {
	if err != nil || blanks(line, end) == len(line) {
		return nil
	}
	return fmt.Errorf("behind it is %.40q", line[end:])
}

// wanted is an error if the asciicast is not of the version that was asked for.
func (r *Reader) wanted(o ReadOptions) error {
	if o.Format != 0 && o.Format != r.format {
		return fmt.Errorf("it is of the format %v, not %v", r.format, o.Format)
	}
	return nil
}

// openRaw opens bytes without times, with a size before them or script's first
// line, if they are there.
func (r *Reader) openRaw(in *input) {
	r.format = Raw
	s := &rawSource{rest: rest{in: in}}
	r.src = s
	b, _ := in.peek(64 << 10)
	if cols, rows, n := parseSize(b); n > 0 {
		r.header.Width, r.header.Height = cols, rows
		in.skip(n)
	} else if i := bytes.IndexByte(b, '\n'); i >= 0 && bytes.HasPrefix(b, []byte(typescriptMark)) {
		r.header = typescriptHeader(b[:i])
		s.typescript = true
		in.skip(i + 1)
	}
}
