package stream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// An archiveFile is an open archive, plain or compressed. It stays readable when
// its file is compressed or deleted. It is for one goroutine.
type archiveFile struct {
	archive
	f *os.File

	// of a compressed one:
	frames []frame
	dec    *zstd.Decoder
	have   int // index of the frame in data, or -1
	data   []byte
	raw    []byte
}

// openArchive opens whichever form of a exists now: between listing and opening
// it may have been compressed. fs.ErrNotExist tells that it is gone.
func openArchive(dir, log string, a archive) (*archiveFile, error) {
	if a.form == lost {
		return nil, fs.ErrNotExist
	}
	var err error
	for _, form := range []form{plain, packed} {
		a.form = form
		var f *os.File
		f, err = os.Open(filepath.Join(dir, a.file(log)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("opening archive: %w", err)
		}
		af := &archiveFile{archive: a, f: f, have: -1}
		if err := af.check(); err != nil {
			f.Close()
			if !errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("opening archive %s: %w", f.Name(), err)
			}
			return nil, err
		}
		return af, nil
	}
	return nil, err
}

func (a *archiveFile) check() error {
	fi, err := a.f.Stat()
	if err != nil {
		return err
	}
	if a.form == plain {
		if fi.Size() != a.to-a.from {
			return fs.ErrNotExist // a rotation that was never completed
		}
		return nil
	}
	a.frames, err = readSeekTable(a.f, fi.Size(), a.to-a.from)
	return err
}

// readAt reads from logical offset off up to the archive's end at most.
func (a *archiveFile) readAt(p []byte, off int64) (int, error) {
	off -= a.from
	if max := a.to - a.from - off; int64(len(p)) > max {
		p = p[:max]
	}
	if a.form == plain {
		n, err := a.f.ReadAt(p, off)
		if n > 0 || len(p) == 0 {
			return n, nil
		}
		if err == io.EOF {
			err = fmt.Errorf("reading archive %s: it is shorter than its name says", a.f.Name())
		}
		return 0, err
	}
	i := sort.Search(len(a.frames), func(i int) bool {
		return a.frames[i].plain+int64(a.frames[i].size) > off
	})
	if err := a.unpack(i); err != nil {
		return 0, fmt.Errorf("reading archive %s: %w", a.f.Name(), err)
	}
	return copy(p, a.data[off-a.frames[i].plain:]), nil
}

func (a *archiveFile) unpack(i int) error {
	if a.have == i {
		return nil
	}
	if a.dec == nil {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame))
		if err != nil {
			return err
		}
		a.dec = dec
	}
	fr := a.frames[i]
	if cap(a.raw) < fr.packed {
		a.raw = make([]byte, fr.packed)
	}
	if _, err := a.f.ReadAt(a.raw[:fr.packed], fr.at); err != nil {
		return err
	}
	a.have = -1
	data, err := a.dec.DecodeAll(a.raw[:fr.packed], a.data[:0])
	if err != nil {
		return err
	}
	if len(data) != fr.size {
		return fmt.Errorf("frame %d unpacks to %d bytes, the seek table says %d", i, len(data), fr.size)
	}
	a.data, a.have = data, i
	return nil
}

func (a *archiveFile) close() {
	if a == nil {
		return
	}
	a.f.Close()
	if a.dec != nil {
		a.dec.Close()
	}
}
