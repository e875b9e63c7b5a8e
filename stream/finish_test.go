package stream

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is written before Finish is read, however close the two come to a Wait
// that is just looking.
func TestFinishLosesNothing(t *testing.T) {
	w, err := NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range 400 {
		path := filepath.Join(t.TempDir(), "x.log")
		log, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.Follow(filepath.Dir(path), "x.log", 0)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			// Somewhere around the first look.
			time.Sleep(time.Duration(i) * 200 * time.Nanosecond)
			log.WriteString("the end")
			f.Finish()
		}()
		got := 0
		for buf := make([]byte, 64); ; {
			if err := f.Wait(context.Background()); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			n, err := f.Read(buf)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			got += n
		}
		if got != len("the end") {
			t.Fatalf("round %d: %d bytes were read before the end", i, got)
		}
		f.Close()
		log.Close()
	}
}
