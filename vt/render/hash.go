package render

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/sluicerun/sluice/vt"
)

// Hash returns 16 hex digits that are the same for screens that look the same.
//
// What goes in: columns and rows; of each cell of the screen its text (an empty
// cell and a blank are one), width, colours as they were chosen, attributes and
// underline; whether the screen is reversed; the cursor's place and shape, or
// that it is hidden. What does not: scrollback, title, hyperlinks, marks, wrapped
// flags, the palette, blinking of the cursor, protection of cells (DECSCA).
//
// It is the beginning of a SHA-256, good to notice a change, too short to stand
// against somebody who makes up screens to fool it.
func Hash(s *vt.Snapshot) string {
	v := newView(s, Options{})
	b := binary.AppendUvarint(nil, uint64(v.cols))
	b = binary.AppendUvarint(b, uint64(len(v.lines)))
	for _, l := range v.lines {
		for _, c := range l.Cells {
			b = binary.AppendUvarint(b, uint64(len(c.Text)))
			b = append(b, c.Text...)
			b = append(b, c.Width, byte(c.Style.Underline))
			b = binary.LittleEndian.AppendUint32(b, uint32(c.Style.Fg))
			b = binary.LittleEndian.AppendUint32(b, uint32(c.Style.Bg))
			b = binary.LittleEndian.AppendUint32(b, uint32(c.Style.Ul))
			b = binary.LittleEndian.AppendUint16(b, uint16(c.Style.Attr&^vt.Protected))
		}
	}
	if c := v.cursor; c != nil {
		b = binary.AppendUvarint(append(b, 1+byte(c.Shape)), uint64(c.Y))
		b = binary.AppendUvarint(b, uint64(c.X))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
