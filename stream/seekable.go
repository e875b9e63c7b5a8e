package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Compressed archives are in zstd's seekable format (contrib/seekable_format of
// the zstd repository): independent frames, then a skippable frame with their
// sizes. `zstd -d` unpacks them, and a reader at an offset unpacks one frame.

// frameSize is the plain size of a frame: what a reader must unpack to have one
// byte, and what compression may look back upon.
const frameSize = 1 << 20

const (
	skippableMagic = 0x184D2A5E
	seekableMagic  = 0x8F92EAB1
	footerSize     = 9
	entrySize      = 8
	// maxFrame bounds what a reader allocates for a frame of a file it did not
	// write.
	maxFrame = 16 << 20
)

// A frame is one piece of a compressed archive: plain bytes [plain, plain+size)
// are in file bytes [at, at+packed).
type frame struct {
	at, plain    int64
	packed, size int
}

func appendSeekTable(b []byte, frames []frame) []byte {
	b = binary.LittleEndian.AppendUint32(b, skippableMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frames)*entrySize+footerSize))
	for _, f := range frames {
		b = binary.LittleEndian.AppendUint32(b, uint32(f.packed))
		b = binary.LittleEndian.AppendUint32(b, uint32(f.size))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frames)))
	b = append(b, 0) // no per-frame checksums here: the frames have their own
	return binary.LittleEndian.AppendUint32(b, seekableMagic)
}

var errNoSeekTable = errors.New("no seek table: sluice did not write it (unpack it with `zstd -d`)")

// readSeekTable reads the table of a file of size bytes that unpacks to plain
// bytes. It trusts nothing in it.
func readSeekTable(r io.ReaderAt, size, plain int64) ([]frame, error) {
	var foot [footerSize]byte
	if size < footerSize+8 {
		return nil, errNoSeekTable
	}
	if _, err := r.ReadAt(foot[:], size-footerSize); err != nil {
		return nil, fmt.Errorf("reading the seek table: %w", err)
	}
	if binary.LittleEndian.Uint32(foot[5:]) != seekableMagic || foot[4] != 0 {
		return nil, errNoSeekTable
	}
	n := int64(binary.LittleEndian.Uint32(foot[:]))
	table := n*entrySize + footerSize + 8
	if table > size {
		return nil, errNoSeekTable
	}
	b := make([]byte, table)
	if _, err := r.ReadAt(b, size-table); err != nil {
		return nil, fmt.Errorf("reading the seek table: %w", err)
	}
	if binary.LittleEndian.Uint32(b) != skippableMagic || int64(binary.LittleEndian.Uint32(b[4:])) != table-8 {
		return nil, errNoSeekTable
	}
	frames := make([]frame, n)
	var at, off int64
	for i := range frames {
		e := b[8+i*entrySize:]
		packed, got := binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[4:])
		if packed > maxFrame*2 || got > maxFrame || got == 0 {
			return nil, fmt.Errorf("reading the seek table: frame %d of %d bytes is out of bounds", i, got)
		}
		frames[i] = frame{at: at, plain: off, packed: int(packed), size: int(got)}
		at += int64(packed)
		off += int64(got)
	}
	if at != size-table || off != plain {
		return nil, fmt.Errorf("reading the seek table: it tells of %d bytes in %d, the file's name and size of %d in %d",
			off, at, plain, size-table)
	}
	return frames, nil
}
