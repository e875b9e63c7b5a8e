package playback

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"time"
)

// Identity tells a recording's file from others, and from itself when it has
// changed. It is comparable.
type Identity struct {
	Size    int64    `json:"size"`
	ModTime int64    `json:"mtime"` // ns since 1970
	Head    [32]byte `json:"head"`  // SHA-256 of the first 64 KiB
}

// Identify looks at a file. It begins at the file's start, wherever that is read.
func Identify(f *os.File) (Identity, error) {
	st, err := f.Stat()
	if err != nil {
		return Identity{}, fmt.Errorf("identifying the recording: %w", err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 64<<10)); err != nil {
		return Identity{}, fmt.Errorf("identifying the recording %s: %w", f.Name(), err)
	}
	id := Identity{Size: st.Size(), ModTime: st.ModTime().UnixNano()}
	h.Sum(id.Head[:0])
	return id, nil
}

// An index in a file is indexMagic, the length of what follows as 4 bytes and
// indexMeta as JSON, the dumps of its keyframes, and the CRC-32C of all of that as 4
// bytes. Numbers are little-endian.
const (
	indexMagic   = "sluice index 1\n"
	maxIndexFile = 2*maxIndex + 64<<20
)

type indexMeta struct {
	Of      Identity      `json:"of"`
	Count   int64         `json:"count"`
	Last    time.Duration `json:"last"`
	Since   int64         `json:"since"`
	Thin    int           `json:"thin"`
	Done    bool          `json:"done"`
	Markers []Marker      `json:"markers"`
	Frames  []keyframe    `json:"frames"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes the index of the recording id. It holds what was on the screen: who
// must not read the recording must not read the index.
func (x *Index) Write(w io.Writer, id Identity) error {
	x.mu.Lock()
	frames := slices.Clone(x.frames)
	meta, err := json.Marshal(indexMeta{id, x.count, x.last, x.since, x.thin, x.done, x.markers, frames})
	x.mu.Unlock()
	if err != nil {
		return fmt.Errorf("writing an index: %w", err)
	}
	head := binary.LittleEndian.AppendUint32([]byte(indexMagic), uint32(len(meta)))
	sum := uint32(0)
	put := func(b []byte) {
		if err == nil {
			sum = crc32.Update(sum, castagnoli, b)
			_, err = w.Write(b)
		}
	}
	put(head)
	put(meta)
	for _, k := range frames {
		put(k.dump)
	}
	put(binary.LittleEndian.AppendUint32(nil, sum))
	if err != nil {
		return fmt.Errorf("writing an index: %w", err)
	}
	return nil
}

// ReadIndex reads what Write wrote for the recording id. That it is damaged, of
// another version or of another recording is an error: the caller goes on with an
// empty Index.
func ReadIndex(r io.Reader, id Identity) (*Index, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxIndexFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading an index: %w", err)
	case len(b) > maxIndexFile:
		return nil, fmt.Errorf("reading an index: it has more than %d bytes", maxIndexFile)
	}
	x, err := parseIndex(b, id)
	if err != nil {
		return nil, fmt.Errorf("reading an index: %w", err)
	}
	return x, nil
}

func parseIndex(b []byte, id Identity) (*Index, error) {
	body, ok := bytes.CutPrefix(b, []byte(indexMagic))
	if !ok {
		return nil, errors.New("it is none of this version")
	}
	damaged := errors.New("it is damaged")
	if len(body) < 8 || crc32.Checksum(b[:len(b)-4], castagnoli) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return nil, damaged
	}
	n := binary.LittleEndian.Uint32(body)
	body = body[4 : len(body)-4]
	if uint64(n) > uint64(len(body)) {
		return nil, damaged
	}
	var meta indexMeta
	if err := json.Unmarshal(body[:n], &meta); err != nil {
		return nil, damaged
	}
	if meta.Of != id {
		return nil, errors.New("it belongs to another recording, or the recording has changed")
	}
	body = body[n:]
	x := &Index{frames: meta.Frames, thin: meta.Thin, count: meta.Count, last: meta.Last, since: meta.Since, markers: meta.Markers, done: meta.Done}
	if x.thin < 0 || x.thin > 20 || x.count < 0 || len(x.markers) > maxMarkers {
		return nil, damaged
	}
	before := keyframe{}
	for i := range x.frames {
		k := &x.frames[i]
		if k.Size < 0 || k.Size > len(body) || k.Cols < 1 || k.Rows < 1 || k.Time < before.Time || k.Count <= before.Count || k.Count > x.count {
			return nil, damaged
		}
		k.dump, body = body[:k.Size:k.Size], body[k.Size:]
		x.size += k.Size
		before = *k
	}
	if len(body) > 0 {
		return nil, damaged
	}
	return x, nil
}
