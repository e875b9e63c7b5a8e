package bus

import (
	"fmt"
	"slices"
)

// The window is how many bytes may be under way or wait to be read. It doubles
// while the reader keeps up.
const (
	startWindow = 256 << 10
	maxWindow   = 1 << 20
	// smallChunk is what is copied behind the chunk before it, so that many
	// short writes take no more room than they have bytes.
	smallChunk = 4 << 10
)

// inbound is one direction of a stream at its receiver.
type inbound struct {
	chunks  [][]byte
	size    int    // bytes in chunks
	came    uint64 // bytes so far
	window  uint64
	granted uint64 // how far the sender may go
	ended   bool
}

func newInbound() inbound { return inbound{window: startWindow, granted: startWindow} }

// take adds the bytes of a frame if they are the next, and forgets those that
// came before.
func (in *inbound) take(f frame) error {
	end := f.offset + uint64(len(f.payload))
	switch {
	case f.offset > in.came:
		return fmt.Errorf("%w: %d bytes of it were lost on the way", ErrBroken, f.offset-in.came)
	case f.kind == kindWindow, f.kind == kindData && end <= in.came:
		return nil
	case f.offset < in.came, in.ended && end > in.came, end > in.granted:
		return fmt.Errorf("%w: the other end sent what it must not (bytes %d to %d after %d of at most %d)", ErrBroken, f.offset, end, in.came, in.granted)
	case f.kind != kindData:
		in.ended = true
		return nil
	}
	in.came, in.size = end, in.size+len(f.payload)
	if i := len(in.chunks) - 1; i >= 0 && len(f.payload) < smallChunk && len(in.chunks[i]) < maxChunk {
		in.chunks[i] = append(in.chunks[i], f.payload...)
	} else {
		in.chunks = append(in.chunks, slices.Clip(f.payload))
	}
	return nil
}

// read moves bytes into p; grant tells that the sender should hear of the room.
func (in *inbound) read(p []byte) (n int, grant bool) {
	for len(in.chunks) > 0 && n < len(p) {
		k := copy(p[n:], in.chunks[0])
		n += k
		if in.chunks[0] = in.chunks[0][k:]; len(in.chunks[0]) == 0 {
			in.chunks[0] = nil
			in.chunks = in.chunks[1:]
		}
	}
	in.size -= n
	read := in.came - uint64(in.size)
	if in.ended || read+in.window-in.granted < in.window/2 {
		return n, false
	}
	if in.size == 0 {
		in.window = min(2*in.window, maxWindow)
	}
	in.granted = read + in.window
	return n, true
}

// outbound is one direction of a stream at its sender.
type outbound struct {
	sent  uint64 // bytes that were published
	limit uint64 // how far the receiver lets it go
	turn  bool   // somebody publishes
	ended bool   // by CloseWrite
	deaf  bool   // the receiver has closed its end
	buf   []byte // of who has the turn
}

func (out *outbound) grant(limit uint64) { out.limit = max(out.limit, limit) }

// room is how many bytes may be sent now.
func (out *outbound) room() int {
	return int(min(out.limit-min(out.limit, out.sent), maxChunk))
}
