package packed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

const (
	trailerSize = 36
	version     = 1
	magic       = "sluice\xffP"
	// maxProgram bounds what a trailer can ask for, in bytes.
	maxProgram = 1 << 30
)

var (
	// ErrNone tells that there is nothing behind the program.
	ErrNone = errors.New("nothing is packed into this program")
	// ErrDamaged tells that there is, and that it is not what was packed.
	ErrDamaged = errors.New("what is packed into this program is damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// trailer is the end of the file.
type trailer struct {
	frame, program int64 // bytes
	sum            uint32
}

func (t trailer) encode() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(t.frame))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.program))
	b = binary.LittleEndian.AppendUint32(b, t.sum)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	b = binary.LittleEndian.AppendUint32(b, version)
	return append(b, magic...)
}

// parseTrailer reads the last bytes of a file of size bytes.
func parseTrailer(b []byte, size int64) (trailer, error) {
	if len(b) < trailerSize || string(b[len(b)-len(magic):]) != magic {
		return trailer{}, ErrNone
	}
	b = b[len(b)-trailerSize:]
	if v := binary.LittleEndian.Uint32(b[24:]); v != version {
		return trailer{}, fmt.Errorf("%w: its format is %d, not %d", ErrDamaged, v, version)
	}
	if crc32.Checksum(b[:20], castagnoli) != binary.LittleEndian.Uint32(b[20:]) {
		return trailer{}, fmt.Errorf("%w: the checksum of its trailer is wrong", ErrDamaged)
	}
	frame, program := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if frame > uint64(max(size-trailerSize, 0)) || program > maxProgram {
		return trailer{}, fmt.Errorf("%w: the file is too short for it", ErrDamaged)
	}
	return trailer{int64(frame), int64(program), binary.LittleEndian.Uint32(b[16:])}, nil
}
