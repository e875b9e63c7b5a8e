package stream

import (
	"encoding/binary"
	"hash/crc32"
)

// state is the sidecar of a direct log that was ever rotated: where the logical
// offsets are in the file. The worker keeps its descriptor, so the file stays the
// same one while its head is cut away under everybody's feet:
//
//	gen n    archived = T   the head is in an archive; nobody reads it here any more
//	         (the head is punched: zeros at the same place)
//	gen n+1  pending = k    the file's first k bytes are about to be collapsed
//	         (the collapse)
//	gen n+2  base += k
//
// With pending set, whether the collapse took place can be seen in the file: it
// begins with a hole of k bytes exactly if not. Hence no reader ever waits for a
// writer, and a SIGKILL anywhere leaves nothing unclear.
type state struct {
	gen      uint64 // odd while pending is set
	base     int64  // logical offset of the file's first byte
	archived int64  // bytes below are read from archives
	pending  int64  // bytes about to be collapsed
}

const (
	stateMagic = "slucst1\n"
	stateSize  = 64
)

// encode is little endian with a checksum: a reader can meet a write half-way.
func (s state) encode() []byte {
	b := make([]byte, 0, stateSize)
	b = append(b, stateMagic...)
	b = binary.LittleEndian.AppendUint64(b, s.gen)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.base))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.archived))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.pending))
	b = b[:stateSize-4]
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// decodeState is ok only for what encode can have written.
func decodeState(b []byte) (s state, ok bool) {
	if len(b) != stateSize || string(b[:8]) != stateMagic {
		return state{}, false
	}
	if crc32.ChecksumIEEE(b[:stateSize-4]) != binary.LittleEndian.Uint32(b[stateSize-4:]) {
		return state{}, false
	}
	s.gen = binary.LittleEndian.Uint64(b[8:])
	s.base = int64(binary.LittleEndian.Uint64(b[16:]))
	s.archived = int64(binary.LittleEndian.Uint64(b[24:]))
	s.pending = int64(binary.LittleEndian.Uint64(b[32:]))
	switch {
	case s.base < 0, s.archived < s.base, s.pending < 0, s.pending > s.archived-s.base:
		return state{}, false
	case (s.gen&1 == 1) != (s.pending > 0):
		return state{}, false
	}
	return s, true
}
