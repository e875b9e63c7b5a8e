package playback

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt"
)

// keyframe is the state of the terminal between two events.
type keyframe struct {
	At         cast.Position // of the event after it
	Time       time.Duration // of the event before it
	Count      int64         // of events before it
	Cols, Rows int
	Since      int64 // bytes of output since the keyframe before
	Size       int   // of dump

	dump []byte // of the terminal, deflated
}

// maxDump bounds what a dump that comes from a file may become when it is
// inflated. Ours are far smaller: the largest screen has 4 Mi cells.
const maxDump = 64 << 20

func newKeyframe(s *Screen, since int64) keyframe {
	cols, rows := s.t.Size()
	var b bytes.Buffer
	// Errors would be those of b, which has none, or of the level.
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	w.Write(s.t.DumpTail(2 * rows))
	w.Close()
	return keyframe{At: s.at, Time: s.time, Count: s.count, Cols: cols, Rows: rows, Since: since, Size: b.Len(), dump: bytes.Clone(b.Bytes())}
}

func (k keyframe) terminal() (*vt.Terminal, error) {
	t := vt.New(k.Cols, k.Rows, vt.Options{Scrollback: keptScrollback})
	r := flate.NewReader(bytes.NewReader(k.dump))
	defer r.Close()
	n, err := io.Copy(t, io.LimitReader(r, maxDump))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the index is damaged, remove it: %w", err)
	case n == maxDump:
		return nil, fmt.Errorf("the index is damaged, remove it: a screen of more than %d bytes", int64(maxDump))
	}
	return t, nil
}
