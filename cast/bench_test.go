package cast

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// typical is a recording of about n bytes in version 2: events of 20 to 2000
// bytes, as programs with colours write them, some of them in other scripts.
func typical(t testing.TB, n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	words := []string{"total ", "drwxr-xr-x ", "\x1b[1;34m", "\x1b[0m", "main.go", "\r\n", "  ", "func ", "\x1b[38;5;203m", "return \"quoted\" ", "if err != nil {", "\t", "größe ", "│ ", "日本", "0123456789 ", "-rw-r--r-- 1 root root 4096 ", "the quick brown fox jumps over the lazy dog "}
	var b bytes.Buffer
	c, err := NewWriter(&b, V2, Header{Width: 80, Height: 24})
	if err != nil {
		t.Fatal(err)
	}
	var p []byte
	at := time.Duration(0)
	for b.Len() < n {
		p = p[:0]
		size := 20 + rng.IntN(rng.IntN(1980)+1)
		for len(p) < size {
			p = append(p, words[rng.IntN(len(words))]...)
		}
		at += time.Duration(rng.IntN(100_000)) * time.Microsecond
		if err := c.Output(at, p); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func benchmark(b *testing.B, text []byte, f func(*Reader) error) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(text), ReadOptions{})
		if err == nil {
			err = f(r)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func convert(w io.Writer, f Format, r *Reader) error {
	c, err := NewWriter(w, f, r.Header())
	if err != nil {
		return err
	}
	c.SetExact(true)
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		if err := c.Write(e); err != nil {
			return err
		}
	}
	return c.Close()
}

func BenchmarkRead(b *testing.B) {
	benchmark(b, typical(b, 16<<20), func(r *Reader) error {
		for _, err := range r.All() {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// MB/s are of the file that is read.
func BenchmarkConvert(b *testing.B) {
	v2 := typical(b, 16<<20)
	var v1, v3, tty bytes.Buffer
	for f, to := range map[Format]*bytes.Buffer{V1: &v1, V3: &v3, TTYRec: &tty} {
		r, err := NewReader(bytes.NewReader(v2), ReadOptions{})
		if err == nil {
			err = convert(to, f, r)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		from []byte
		to   Format
	}{{"v2-v3", v2, V3}, {"v3-v2", v3.Bytes(), V2}, {"v2-raw", v2, Raw}, {"v1-v3", v1.Bytes(), V3}, {"ttyrec-v2", tty.Bytes(), V2}} {
		b.Run(c.name, func(b *testing.B) {
			benchmark(b, c.from, func(r *Reader) error { return convert(io.Discard, c.to, r) })
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	p := bytes.Repeat([]byte("\x1b[1;32mthe quick brown fox\x1b[m\r\n"), 40)
	b.SetBytes(int64(len(p)))
	c, err := NewWriter(io.Discard, V3, Header{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Duration(0)
	for b.Loop() {
		at += time.Millisecond
		if err := c.Output(at, p); err != nil {
			b.Fatal(err)
		}
	}
}
