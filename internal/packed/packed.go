package packed

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"
)

// window is how far back the frame refers, in bytes: what unpacking needs of memory.
const window = 8 << 20

// Append writes what belongs behind the small program: the other one, and how to
// find it.
func Append(w io.Writer, program io.Reader) error {
	sum := crc32.New(castagnoli)
	frame := &counter{w: io.MultiWriter(w, sum)}
	enc, err := zstd.NewWriter(frame, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window))
	if err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	size, err := io.Copy(enc, program)
	if err := errors.Join(err, enc.Close()); err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	if size > maxProgram {
		return fmt.Errorf("packing: the program has %d bytes, more than %d", size, maxProgram)
	}
	if _, err := w.Write(trailer{frame.n, size, sum.Sum32()}.encode()); err != nil {
		return fmt.Errorf("packing: %w", err)
	}
	return nil
}

// counter counts the bytes written to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Payload is a program that was found behind another.
type Payload struct {
	trailer
	file io.ReaderAt
	at   int64
}

// Find looks for the program that is packed into a file of size bytes. The error
// wraps ErrNone or ErrDamaged, or is that of reading.
func Find(file io.ReaderAt, size int64) (*Payload, error) {
	b := make([]byte, min(size, trailerSize))
	if _, err := file.ReadAt(b, size-int64(len(b))); err != nil && err != io.EOF {
		return nil, fmt.Errorf("looking for the packed program: %w", err)
	}
	t, err := parseTrailer(b, size)
	if err != nil {
		return nil, err
	}
	return &Payload{t, file, size - trailerSize - t.frame}, nil
}

// Unpack writes the program to w. With an error, which wraps ErrDamaged if it is
// not w's or that of reading, what was written is not to be used.
func (p *Payload) Unpack(w io.Writer) error {
	sum := crc32.New(castagnoli)
	in := &reader{r: io.TeeReader(io.NewSectionReader(p.file, p.at, p.frame), sum)}
	dec, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	defer dec.Close()
	out := &writer{w: w, room: p.program}
	_, err = io.Copy(out, dec)
	switch {
	case in.err != nil:
		return fmt.Errorf("unpacking: %w", in.err)
	case out.err != nil:
		return fmt.Errorf("unpacking: %w", out.err)
	case err != nil:
		return fmt.Errorf("%w: %v", ErrDamaged, err)
	case out.room != 0:
		return fmt.Errorf("%w: it lacks %d bytes", ErrDamaged, out.room)
	case sum.Sum32() != p.sum:
		return fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
	}
	return nil
}

// reader keeps the error of reading apart from the decoder's.
type reader struct {
	r   io.Reader
	err error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// writer takes no more than room bytes, and keeps the error of writing apart.
type writer struct {
	w    io.Writer
	room int64
	err  error
}

func (w *writer) Write(p []byte) (int, error) {
	if int64(len(p)) > w.room {
		return 0, errors.New("it is longer than it says")
	}
	n, err := w.w.Write(p)
	w.room -= int64(n)
	w.err = err
	return n, err
}
