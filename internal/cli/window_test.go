package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand"
	"testing"
)

// Whatever the sizes, a reader sees every byte once, and what is here stays
// bounded.
func TestWindow(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	want := make([]byte, 8<<20)
	rnd.Read(want)
	w := newWindow()
	done := make(chan error, 1)
	go func() {
		for off := 0; off < len(want); {
			n := min(len(want)-off, 32<<10)
			if err := w.put(t.Context(), want[off:off+n]); err != nil {
				done <- err
				return
			}
			off += n
		}
		done <- nil
	}()
	var got []byte
	buf := make([]byte, 64<<10)
	for len(got) < len(want) {
		off := int64(len(got))
		if w.Size() == off {
			continue
		}
		n, err := w.ReadAt(buf[:min(int64(len(buf)), w.Size()-off)], off)
		if n == 0 || err != nil {
			t.Fatalf("%d, %v at %d of %d", n, err, off, w.Size())
		}
		w.mu.Lock()
		kept := len(w.buf)
		w.mu.Unlock()
		if kept > windowSize {
			t.Fatalf("%d bytes are kept", kept)
		}
		if n > 1 && rnd.Intn(3) == 0 {
			n /= 2 // a line that is not whole is read again
		}
		got = append(got, buf[:n]...)
	}
	if err := <-done; err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v", err)
	}
	if _, err := w.ReadAt(buf, 0); err != io.EOF {
		t.Errorf("what was forgotten: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range windowSize/len(buf) + 1 {
		if err := w.put(ctx, buf); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
	}
	t.Error("it takes more than it has room for")
}
