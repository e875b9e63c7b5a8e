package stream

import (
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// compressFile packs src into dst, which must not exist.
func compressFile(src, dst string) (err error) {
	in, err := os.Open(src)
	if err != nil {
		return fmt.Errorf("compressing archive: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("compressing archive: %w", err)
	}
	defer func() {
		if e := out.Close(); err == nil && e != nil {
			err = fmt.Errorf("compressing archive: %w", e)
		}
		if err != nil {
			os.Remove(dst)
		}
	}()
	// One frame is in memory at a time, and one core at work.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(frameSize))
	if err != nil {
		return fmt.Errorf("compressing archive: %w", err)
	}
	defer enc.Close()
	var (
		frames  []frame
		at, off int64
		buf     = make([]byte, frameSize)
		pack    []byte
	)
	for {
		n, err := io.ReadFull(in, buf)
		if n > 0 {
			pack = enc.EncodeAll(buf[:n], pack[:0])
			if _, err := out.Write(pack); err != nil {
				return fmt.Errorf("compressing archive: %w", err)
			}
			frames = append(frames, frame{at: at, plain: off, packed: len(pack), size: n})
			at += int64(len(pack))
			off += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return fmt.Errorf("compressing archive: %w", err)
		}
	}
	if _, err := out.Write(appendSeekTable(nil, frames)); err != nil {
		return fmt.Errorf("compressing archive: %w", err)
	}
	return nil
}
