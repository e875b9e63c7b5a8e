package bus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// A frame is one message of a stream: a head of 18 bytes, numbers in big endian,
// and what the kind adds.
//
//	0   version, 1
//	1   kind
//	2   offset: how many bytes of the stream the sender of the frame sent before it
//	10  limit: how many bytes of the stream its receiver may send, from the start
//
// Both numbers are absolute, so a frame that comes twice does no harm, a limit
// that is lost is repaired by the next, and bytes that are lost are noticed by
// the next offset.
type frame struct {
	kind    kind
	offset  uint64
	limit   uint64
	payload []byte
}

type kind byte

const (
	// kindOpen is a Call on the subject that is listened to; its payload is the
	// dialer's id. The answer is kindAccept, with the listener's id, or kindReset.
	kindOpen kind = iota + 1
	kindAccept
	// kindData has 1 byte to maxChunk.
	kindData
	// kindEnd says that no bytes come after the offset.
	kindEnd
	// kindClose says so too, and that the sender reads no more.
	kindClose
	// kindWindow has nothing but the two numbers.
	kindWindow
	// kindReset says that the stream has broken.
	kindReset
)

const (
	frameVersion = 1
	headSize     = 18
	// maxChunk bounds the payload: other streams on the connection wait for a
	// frame at most.
	maxChunk = 64 << 10
	// maxOffset keeps sums of offsets and sizes from overflowing.
	maxOffset = 1 << 62
)

var errFrame = errors.New("this is no frame of a stream")

// errVersion is of a sender that speaks another version of the protocol.
type errVersion byte

func (e errVersion) Error() string {
	return fmt.Sprintf("the other side speaks version %d of the stream protocol and this one %d: run the same version of sluice on all machines", byte(e), frameVersion)
}

// append adds the frame to b.
func (f frame) append(b []byte) []byte {
	b = append(b, frameVersion, byte(f.kind))
	b = binary.BigEndian.AppendUint64(b, f.offset)
	b = binary.BigEndian.AppendUint64(b, f.limit)
	return append(b, f.payload...)
}

// parseFrame reads a message; the payload is part of it.
func parseFrame(b []byte) (frame, error) {
	if len(b) > 0 && b[0] != frameVersion {
		return frame{}, errVersion(b[0])
	}
	if len(b) < headSize || len(b) > headSize+maxChunk {
		return frame{}, errFrame
	}
	f := frame{kind: kind(b[1]), offset: binary.BigEndian.Uint64(b[2:]), limit: binary.BigEndian.Uint64(b[10:]), payload: b[headSize:]}
	if f.offset > maxOffset || f.limit > maxOffset {
		return frame{}, errFrame
	}
	ok := len(f.payload) == 0
	switch f.kind {
	case kindOpen, kindAccept:
		ok = validID(string(f.payload))
	case kindData:
		ok = !ok
	case kindEnd, kindClose, kindWindow, kindReset:
	default:
		ok = false
	}
	if !ok {
		return frame{}, errFrame
	}
	return f, nil
}

// idSize is the length of the random word that makes the subject of an end.
const idSize = 26

// validID tells whether it can be a word of a subject.
func validID(id string) bool {
	return len(id) == idSize && strings.IndexFunc(id, odd) < 0
}
