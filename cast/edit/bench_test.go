package edit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/cast"
)

// session is 4 MB of output as a shell and its programs write it, in pieces of
// 4 KB: colours, listings, logs, and a secret now and then.
func session() []cast.Event {
	var b strings.Builder
	for i := 0; b.Len() < 4<<20; i++ {
		switch i % 8 {
		case 0:
			fmt.Fprintf(&b, "\x1b[1;32muser@host\x1b[m:\x1b[34m~/src/project\x1b[m$ make -j%d all\r\n", i%16)
		case 1, 2, 3:
			fmt.Fprintf(&b, "drwxr-xr-x  %d user group %6d Nov %2d 10:0%d \x1b[1;34mdirectory-%d\x1b[m\r\n", i%9, i*37%65536, i%28, i%10, i)
		case 4, 5:
			fmt.Fprintf(&b, "2026-11-22T10:00:%02d INFO  server: request %d done in %d ms, path /api/v1/items/%d\r\n", i%60, i, i%300, i*7)
		case 6:
			fmt.Fprintf(&b, "cc -O2 -Wall -Iinclude -c -o build/module_%d.o src/module_%d.c — 完了\r\n", i, i)
		case 7:
			if i%64 == 7 {
				fmt.Fprintf(&b, "connect 10.0.%d.%d as admin, password=hunter%d\r\n", i%256, i/256%256, i)
			}
		}
	}
	s := b.String()
	var list []cast.Event
	for i := 0; i < len(s); i += 4096 {
		list = append(list, cast.Event{Code: cast.Output, Data: []byte(s[i:min(i+4096, len(s))])})
	}
	return list
}

func benchmarkRedact(b *testing.B, r []Rule, live bool) {
	list := session()
	n := 0
	for _, e := range list {
		n += len(e.Data)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		if !live {
			_, ev := Redact(r, RedactOptions{})(cast.Header{}, events(list...))
			for range ev {
			}
			continue
		}
		red, err := NewRedactor(r, RedactOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range list {
			red.Feed(e)
		}
		red.Flush()
	}
}

func BenchmarkRedactOneWord(b *testing.B) { benchmarkRedact(b, rules("hunter[0-9]+"), false) }

func BenchmarkRedactOneWordLive(b *testing.B) { benchmarkRedact(b, rules("hunter[0-9]+"), true) }

func BenchmarkRedactAll(b *testing.B) { benchmarkRedact(b, allBuiltin(b), false) }

// The worst case: a line in which the cursor goes back after every character.
func BenchmarkRedactEdited(b *testing.B) {
	in := outputs(strings.Repeat("x", 1000) + strings.Repeat("y\b", 32<<10))
	r := allBuiltin(b)
	b.SetBytes(int64(len(in[0].Data)))
	for b.Loop() {
		redacted(b, r, in)
	}
}

func BenchmarkMarkCommands(b *testing.B) {
	list := session()
	b.SetBytes(4 << 20)
	for b.Loop() {
		_, ev := MarkCommands()(cast.Header{}, events(list...))
		for range ev {
		}
	}
}

func BenchmarkCut(b *testing.B) {
	list := session()
	b.SetBytes(4 << 20)
	for b.Loop() {
		_, ev := Chain(Cut(Keep, Range{1, 2}), Speed(2, 0, 0), IdleLimit(sec))(cast.Header{}, events(list...))
		for range ev {
		}
	}
}
