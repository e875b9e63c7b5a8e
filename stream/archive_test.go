package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestParseArchives(t *testing.T) {
	const log = "stdout.log"
	name := func(from, to int64, f form) string { return archive{from, to, f}.file(log) }
	got := parseArchives(log, []string{
		name(100, 250, packed), name(0, 100, plain), name(0, 100, packed), name(250, 300, lost),
		log, ".stdout.log.state", tempPrefix(log) + name(300, 400, plain), "stdout.log.1", "stdout.log.1-2",
		"stderr.log.0000000000000000-0000000000000001", name(5, 5, plain), name(1e17, 1e17+1, plain),
		"stdout.log.00000000000000000-0000000000000001", "stdout.log.+000000000000001-0000000000000002",
		name(0, 100, plain) + ".zst.zst", name(0, 100, plain) + ".gz",
	})
	want := []archive{{0, 100, plain}, {100, 250, packed}, {250, 300, lost}, {1e17, 1e17 + 1, plain}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(archive{})); d != "" {
		t.Error(d)
	}
}

func FuzzParseArchive(f *testing.F) {
	f.Add("stdout.log", "stdout.log.0000000000000000-0000000000000100")
	f.Add("stdout.log", "stdout.log.0000000000000000-0000000000000100.zst")
	f.Add("a", "a.9999999999999999-10000000000000000.lost")
	f.Add("", ".-")
	f.Fuzz(func(t *testing.T, log, file string) {
		a, ok := parseArchive(log, file)
		if !ok {
			return
		}
		if a.from < 0 || a.from >= a.to {
			t.Fatalf("%q: range %d-%d", file, a.from, a.to)
		}
		if got := a.file(log); got != file {
			t.Fatalf("%q is written back as %q", file, got)
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	f.Add(state{gen: 4, base: 8192, archived: 9000}.encode())
	f.Add(state{gen: 5, base: 8192, archived: 19000, pending: 8192}.encode())
	f.Add([]byte(stateMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decodeState(b)
		if !ok {
			return
		}
		if again, ok := decodeState(s.encode()); !ok || again != s {
			t.Fatalf("%+v becomes %+v, %v", s, again, ok)
		}
	})
}

func FuzzReadSeekTable(f *testing.F) {
	good := appendSeekTable(bytes.Repeat([]byte("x"), 30), []frame{{packed: 10, size: 100}, {packed: 20, size: 50}})
	f.Add(good, int64(150))
	f.Add(good[:len(good)-1], int64(150))
	f.Add(appendSeekTable(nil, nil), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, plain int64) {
		frames, err := readSeekTable(bytes.NewReader(b), int64(len(b)), plain)
		if err != nil {
			return
		}
		var at, off int64
		for _, fr := range frames {
			if fr.at != at || fr.plain != off || fr.size <= 0 || fr.packed < 0 {
				t.Fatalf("frame %+v at %d, %d", fr, at, off)
			}
			at, off = at+int64(fr.packed), off+int64(fr.size)
		}
		if at > int64(len(b)) || off != plain {
			t.Fatalf("frames reach to %d of %d, %d of %d", at, len(b), off, plain)
		}
	})
}

func TestCompressedArchive(t *testing.T) {
	dir := t.TempDir()
	var data []byte
	for i := 0; len(data) < 3*frameSize+12345; i++ {
		data = fmt.Appendf(data, "line %d\n", i*i)
	}
	a := archive{from: 1000, to: 1000 + int64(len(data))}
	src := filepath.Join(dir, a.file("x"))
	if err := os.WriteFile(src, data, 0o600); err != nil {
		t.Fatal(err)
	}
	z := archive{a.from, a.to, packed}
	if err := compressFile(src, filepath.Join(dir, z.file("x"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(src); err != nil {
		t.Fatal(err)
	}
	// Any zstd reads it...
	raw, err := os.ReadFile(filepath.Join(dir, z.file("x")))
	if err != nil {
		t.Fatal(err)
	}
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	got, err := dec.DecodeAll(raw, nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("unpacked %d bytes of %d: %v", len(got), len(data), err)
	}
	// ... and we from anywhere in it, though the list said it was plain.
	af, err := openArchive(dir, "x", a)
	if err != nil {
		t.Fatal(err)
	}
	defer af.close()
	for range 50 {
		off := rand.Int64N(int64(len(data)))
		p := make([]byte, 1+rand.IntN(5000))
		n, err := af.readAt(p, a.from+off)
		if err != nil || n == 0 || !bytes.Equal(p[:n], data[off:off+int64(n)]) {
			t.Fatalf("at %d: %d bytes, %v", off, n, err)
		}
	}
}
