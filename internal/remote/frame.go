package remote

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Mark begins what a node writes. Whatever stands before it, a host's start-up
// files have written.
const Mark = "\x00sluice-node 1\n"

// The kinds of frames. A frame is its kind, the length of its content as 4 bytes
// (big endian), and the content.
const (
	frameMessage = 'm' // a Message in JSON
	frameBytes   = 'b' // the number of a log, as 4 bytes, and bytes of it
)

// Limits of a content, in bytes: more is a mistake of the other side.
const (
	maxMessage = 64 << 20 // the outcomes of many workers
	maxBytes   = 64 << 10
)

// Writer writes frames. Its methods may be called from any goroutine.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter begins with the mark.
func NewWriter(w io.Writer) (*Writer, error) {
	_, err := io.WriteString(w, Mark)
	return &Writer{w: w}, err
}

// Message writes a message.
func (w *Writer) Message(m Message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	if len(b) > maxMessage {
		return fmt.Errorf("writing a message: it has %d bytes, more than %d", len(b), maxMessage)
	}
	return w.frame(frameMessage, nil, b)
}

// Bytes writes bytes of a log.
func (w *Writer) Bytes(log int, b []byte) error {
	for len(b) > 0 {
		part := b[:min(len(b), maxBytes)]
		if err := w.frame(frameBytes, binary.BigEndian.AppendUint32(nil, uint32(log)), part); err != nil {
			return err
		}
		b = b[len(part):]
	}
	return nil
}

func (w *Writer) frame(kind byte, head, content []byte) error {
	b := append(make([]byte, 0, 5+len(head)+len(content)), kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(head)+len(content)))
	b = append(append(b, head...), content...)
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.w.Write(b)
	return err
}

// Reader reads frames.
type Reader struct {
	r   *bufio.Reader
	buf []byte
}

// NewReader skips everything up to the mark. It gives io.EOF if there is none.
func NewReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, 128<<10)
	have := 0
	for have < len(Mark) {
		c, err := br.ReadByte()
		if err != nil {
			return nil, err
		}
		switch {
		case c == Mark[have]:
			have++
		case c == Mark[0]: // it stands at the beginning of the mark only
			have = 1
		default:
			have = 0
		}
	}
	return &Reader{r: br}, nil
}

// Read returns the next frame: a message, or bytes of a log, which are valid until
// the next call. It gives io.EOF at the end between two frames.
func (r *Reader) Read() (m *Message, log int, b []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return nil, 0, nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[1:]))
	switch head[0] {
	case frameMessage:
		if size > maxMessage {
			return nil, 0, nil, fmt.Errorf("reading a message: it has %d bytes, more than %d", size, maxMessage)
		}
		// Not allocated in one go: the length may be a lie.
		var content bytes.Buffer
		if n, err := io.CopyN(&content, r.r, size); err != nil {
			return nil, 0, nil, fmt.Errorf("reading a message: %d of %d bytes: %w", n, size, unexpected(err))
		}
		m = new(Message)
		if err := json.Unmarshal(content.Bytes(), m); err != nil {
			return nil, 0, nil, fmt.Errorf("reading a message: %w", err)
		}
		return m, 0, nil, nil
	case frameBytes:
		if size < 4 || size > 4+maxBytes {
			return nil, 0, nil, fmt.Errorf("reading output: a frame of %d bytes", size)
		}
		if r.buf == nil {
			r.buf = make([]byte, 4+maxBytes)
		}
		if _, err := io.ReadFull(r.r, r.buf[:size]); err != nil {
			return nil, 0, nil, fmt.Errorf("reading output: %w", unexpected(err))
		}
		log := binary.BigEndian.Uint32(r.buf)
		if log > 1<<30 {
			return nil, 0, nil, fmt.Errorf("reading output: there is no log %d", log)
		}
		return nil, int(log), r.buf[4:size], nil
	}
	return nil, 0, nil, fmt.Errorf("reading what the host sent: a frame of the unknown kind %q", head[0])
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
