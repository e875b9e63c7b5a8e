package keys

import (
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/vt"
)

func BenchmarkSplitter(b *testing.B) {
	in := []byte(strings.Repeat("hello é \x1b[A\x1b[<0;10;10M", 100))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var s Splitter
	for b.Loop() {
		s.Feed(in)
	}
}

// The worst case: a reply that comes byte by byte and never ends.
func BenchmarkSplitterByteByByte(b *testing.B) {
	in := []byte("\x1b]52;c;" + strings.Repeat("A", 64<<10))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var s Splitter
		for i := range in {
			s.Feed(in[i : i+1])
		}
	}
}

func BenchmarkTranslatorPass(b *testing.B) {
	m, err := ParseKeymap(strings.NewReader(vimLike), "m")
	if err != nil {
		b.Fatal(err)
	}
	var s Splitter
	units := s.Feed([]byte(strings.Repeat("plain text with jx ", 50)))
	tr := m.New()
	b.ReportAllocs()
	for b.Loop() {
		tr.Feed(units, time.Time{})
	}
}

func BenchmarkEncode(b *testing.B) {
	k, m := Key{Up, Ctrl}, vt.Modes{}
	for b.Loop() {
		_, _ = k.Encode(m)
	}
}
