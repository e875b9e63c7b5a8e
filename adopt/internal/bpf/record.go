package bpf

import (
	"encoding/binary"
	"fmt"
)

// header begins each piece in the ring buffer, in the machine's byte order.
const (
	headTID   = 0  // uint32
	headFD    = 4  // uint32
	headFlags = 8  // uint32
	headLen   = 12 // uint32: of the bytes that follow
	headLost  = 16 // uint64: that were written and could not be copied
	headSize  = 24
)

// Flags of a piece.
const (
	first = 1 // of its call
	last  = 2
)

// record is a piece of what a call wrote.
type record struct {
	tid, fd, flags uint32
	lost           uint64
	data           []byte
}

// parse reads a piece.
func parse(b []byte) (record, error) {
	if len(b) < headSize {
		return record{}, fmt.Errorf("a record of %d bytes has no header", len(b))
	}
	u32 := func(at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }
	r := record{tid: u32(headTID), fd: u32(headFD), flags: u32(headFlags), lost: binary.NativeEndian.Uint64(b[headLost:])}
	n := u32(headLen)
	if uint64(n) > uint64(len(b)-headSize) {
		return record{}, fmt.Errorf("a record announces %d bytes and has %d", n, len(b)-headSize)
	}
	r.data = b[headSize:][:n]
	return r, nil
}

// whole is what one call wrote.
type whole struct {
	fd   int
	data []byte
	lost int64 // bytes that were written after data and could not be copied
}

// assembly puts the pieces of each thread's call together, as those of several threads
// come mixed.
type assembly struct {
	open map[uint32]*whole // by thread
	emit func(whole) error
}

func (a *assembly) add(r record) error {
	w := a.open[r.tid]
	if w != nil && r.flags&first != 0 { // its last piece was lost
		delete(a.open, r.tid)
		if err := a.emit(*w); err != nil {
			return err
		}
		w = nil
	}
	if w == nil && r.flags&(first|last) == first|last { // most calls are of one piece
		return a.emit(whole{int(int32(r.fd)), r.data, int64(r.lost)})
	}
	if w == nil {
		w = &whole{fd: int(int32(r.fd))}
		a.open[r.tid] = w
	}
	w.data = append(w.data, r.data...)
	w.lost += int64(r.lost)
	if r.flags&last == 0 {
		return nil
	}
	delete(a.open, r.tid)
	return a.emit(*w)
}

// flush gives out the calls whose last piece is not coming any more.
func (a *assembly) flush() error {
	for tid, w := range a.open {
		delete(a.open, tid)
		if err := a.emit(*w); err != nil {
			return err
		}
	}
	return nil
}
