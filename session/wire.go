package session

import (
	"encoding/binary"
	"fmt"
	"io"
)

// FrameKind tells what a frame between a client and a session carries.
//
// A client that is attached and the session send each other frames: one byte for
// the kind, four for the length of the payload (big endian), the payload.
type FrameKind byte

// The frames of a client.
const (
	// FrameKeys is what the keyboard sent, in whole units: no escape sequence,
	// character or paste goes on in the next frame.
	FrameKeys FrameKind = 'k'
	// FrameKeysPart is the same, but the unit (a long paste) goes on in the next
	// frame of keys; nobody else writes in between.
	FrameKeysPart FrameKind = 'p'
	// FrameStdin is input that is no keyboard's: a pipe's or a file's.
	FrameStdin FrameKind = 'i'
	// FrameInput is an Input as JSON: what a keymap makes of a key.
	FrameInput FrameKind = 'j'
	// FrameSize is the size of the client's terminal, as JSON (Size).
	FrameSize FrameKind = 'z'
	// FrameEOF: the client's input has ended.
	FrameEOF FrameKind = 'f'
	// FrameTake and FrameGive take the keyboard over from everybody else and
	// give it back.
	FrameTake FrameKind = 't'
	FrameGive FrameKind = 'g'
	// FrameMark puts a marker into the logs; the payload is its label. FramePause
	// keeps what follows out of recordings until it comes again.
	FrameMark  FrameKind = 'm'
	FramePause FrameKind = 'h'
	// FrameResume: the client was suspended and is shown again; the session
	// answers with FrameRedraw. The payload is how many bytes of FrameOutput were
	// shown since the last FrameRedraw, or since the beginning, in decimal.
	FrameResume FrameKind = 'r'
	// FrameRepaint: something of the client's own has covered a part of the
	// screen; the session answers with FrameRedraw, in place, unless what the
	// client shows lies between lines of its shell (AttachOptions.JobControl, and
	// the program is on the main screen).
	FrameRepaint FrameKind = 'w'
)

// The frames of a session.
const (
	// FrameOutput is what the program wrote, byte for byte.
	FrameOutput FrameKind = 'o'
	// FrameRedraw is bytes that bring the client's terminal to the session's
	// screen, whatever it shows now. It comes first, and when the client could
	// not keep up.
	FrameRedraw FrameKind = 'd'
	// FrameNotice is a line of text for the person at the client.
	FrameNotice FrameKind = 'n'
	// FrameStopped: the program was stopped (^Z); the client may suspend itself.
	FrameStopped FrameKind = 's'
	// FrameEnd is an End as JSON, the last frame.
	FrameEnd FrameKind = 'e'
)

// maxFrame bounds a frame's payload.
const maxFrame = 1 << 20

// End is how an attached client's time ends.
type End struct {
	// Status is the exit status of the program, 128+n for a signal.
	Status int `json:"status"`
	// Text says how the program ended, for people.
	Text string `json:"text,omitempty"`
	// Replies is how many answers of the client's terminal are still under way:
	// they are not to reach the shell.
	Replies int `json:"replies,omitempty"`
	// Ended is false when the session goes on without this client.
	Ended bool `json:"ended"`
}

// WriteFrame writes one frame in one call of w.Write.
func WriteFrame(w io.Writer, kind FrameKind, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("writing a frame of %d bytes: the most is %d", len(payload), maxFrame)
	}
	b := make([]byte, 5, 5+len(payload))
	b[0] = byte(kind)
	binary.BigEndian.PutUint32(b[1:], uint32(len(payload)))
	_, err := w.Write(append(b, payload...))
	return err
}

// FrameReader reads frames.
type FrameReader struct {
	r   io.Reader
	buf []byte
}

// NewFrameReader returns a reader of the frames in r, which should be buffered.
func NewFrameReader(r io.Reader) *FrameReader { return &FrameReader{r: r} }

// Read returns the next frame. The payload is good until the next call. The
// error is io.EOF at the end between two frames.
func (f *FrameReader) Read() (FrameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("reading a frame of %d bytes: the most is %d", n, maxFrame)
	}
	if cap(f.buf) < int(n) {
		f.buf = make([]byte, n)
	}
	b := f.buf[:n]
	if _, err := io.ReadFull(f.r, b); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return FrameKind(head[0]), b, nil
}
