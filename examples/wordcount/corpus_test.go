package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShareCoversEverythingOnce(t *testing.T) {
	for _, total := range []int64{1, 7, 1000, 1<<62 + 3} {
		for _, size := range []int{1, 2, 3, 7, 1000} {
			var end int64
			for rank := range size {
				from, to := gang{rank: rank, size: size}.share(total)
				if from != end || to < from {
					t.Fatalf("%d of %d ranks: share of %d is [%d, %d), the one before ended at %d", rank, size, total, from, to, end)
				}
				end = to
			}
			if end != total {
				t.Fatalf("%d ranks cover %d of %d", size, end, total)
			}
		}
	}
}

// wordsOf is the plain way to say what scanWords does.
func wordsOf(text []byte) []string {
	var out []string
	for _, f := range bytes.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !isWordByte(byte(r)) }) {
		if w := strings.Trim(string(bytes.Map(lowerASCII, f)), "'"); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func lowerASCII(r rune) rune {
	if r < 0x80 {
		return rune(lower(byte(r)))
	}
	return r
}

func FuzzScanWords(f *testing.F) {
	f.Add([]byte("It's the ring's 'end', isn't it? Grüße, 1 2 3"), uint8(3))
	f.Add([]byte("one"), uint8(7))
	f.Add([]byte("''' ' "), uint8(2))
	f.Add([]byte(" a b\n"), uint8(200))
	f.Add([]byte{}, uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		text = bytes.ToValidUTF8(text, []byte("?"))
		size := max(int(n), 1)
		got := []string{}
		for rank := range size {
			from, to := gang{rank: rank, size: size}.share(int64(len(text)))
			if from == to {
				continue
			}
			err := scanWords(bytes.NewReader(text), int64(len(text)), from, to, func(w []byte) { got = append(got, string(w)) })
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := wordsOf(text); !slices.Equal(got, want) {
			t.Errorf("in %d shares: %s", size, cmp.Diff(want, got))
		}
	})
}

func TestCorpusIsOneTextWithBorders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b": "two ends", "a": "one is cut", "c": "", "d": "here"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := openCorpus(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"one", "is", "cut", "two", "ends", "here"}
	for size := 1; size <= int(text.size); size++ {
		var got []string
		for rank := range size {
			from, to := gang{rank: rank, size: size}.share(text.size)
			if err := text.words(from, to, func(w []byte) { got = append(got, string(w)) }); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("in %d shares: %v, want %v", size, got, want)
		}
	}
}

func TestOpenCorpusErrors(t *testing.T) {
	for name, path := range map[string]string{"missing": filepath.Join(t.TempDir(), "no"), "empty": t.TempDir()} {
		if _, err := openCorpus(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want an error that names %s", name, err, path)
		}
	}
}

func FuzzDecodeBucket(f *testing.F) {
	f.Add(bucket{{"a", 1}, {"the", 1 << 40}}.encode())
	f.Add([]byte{})
	f.Add([]byte{3, 'a'})
	f.Add([]byte{0, 1})
	f.Add(bytes.Repeat([]byte{0xff}, 12))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := decodeBucket(data)
		if err != nil {
			return
		}
		again, err := decodeBucket(b.encode())
		if err != nil || !slices.Equal(again, b) {
			t.Errorf("%v became %v, %v", b, again, err)
		}
		if !slices.IsSortedFunc(b, func(x, y entry) int { return strings.Compare(x.word, y.word) }) {
			t.Errorf("not sorted: %v", b)
		}
	})
}

func TestGangFromEnv(t *testing.T) {
	env := func(kv ...string) func(string) string {
		return func(key string) string {
			for _, s := range kv {
				if k, v, _ := strings.Cut(s, "="); k == key {
					return v
				}
			}
			return ""
		}
	}
	good := map[string]struct {
		env  func(string) string
		want gang
	}{
		"alone": {env(), gang{size: 1}},
		"one":   {env("WORLD_SIZE=1", "RANK=0"), gang{size: 1}},
		"third": {env("WORLD_SIZE=4", "RANK=2", "MASTER_ADDR=host", "MASTER_PORT=29500"), gang{2, 4, "host:29500"}},
		"IPv6":  {env("WORLD_SIZE=2", "RANK=1", "MASTER_ADDR=::1", "MASTER_PORT=1"), gang{1, 2, "[::1]:1"}},
	}
	for name, c := range good {
		if got, err := gangFromEnv(c.env); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	bad := map[string]func(string) string{
		"WORLD_SIZE":  env("WORLD_SIZE=many"),
		"RANK":        env("WORLD_SIZE=2", "RANK=2"),
		"MASTER_ADDR": env("WORLD_SIZE=2", "RANK=1"),
		"MASTER_PORT": env("WORLD_SIZE=2", "RANK=1", "MASTER_ADDR=h", "MASTER_PORT=70000"),
	}
	for name, e := range bad {
		if _, err := gangFromEnv(e); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names it", name, err)
		}
	}
	if got := fmt.Sprint(gang{rank: 0, size: 3}.prev(), gang{rank: 2, size: 3}.next()); got != "2 0" {
		t.Errorf("neighbours %s, want 2 0", got)
	}
}
