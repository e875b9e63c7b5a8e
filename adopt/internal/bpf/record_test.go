package bpf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

func piece(tid, fd, flags uint32, lost uint64, data string) []byte {
	b := make([]byte, headSize, headSize+len(data))
	binary.NativeEndian.PutUint32(b[headTID:], tid)
	binary.NativeEndian.PutUint32(b[headFD:], fd)
	binary.NativeEndian.PutUint32(b[headFlags:], flags)
	binary.NativeEndian.PutUint32(b[headLen:], uint32(len(data)))
	binary.NativeEndian.PutUint64(b[headLost:], lost)
	return append(b, data...)
}

func TestAssembly(t *testing.T) {
	var got []string
	a := assembly{open: map[uint32]*whole{}, emit: func(w whole) error {
		got = append(got, fmt.Sprintf("%d %s %d", w.fd, w.data, w.lost))
		return nil
	}}
	for _, b := range [][]byte{
		piece(1, 1, first|last, 0, "one"),
		piece(1, 1, first, 0, "long "), piece(2, 2, first, 0, "other "), // two threads at once
		piece(1, 1, 0, 0, "and "), piece(2, 2, last, 0, "one"), piece(1, 1, last, 0, "longer"),
		piece(3, 1, first|last, 7, ""),                       // nothing of it could be copied
		piece(3, 1, first, 0, "a"), piece(3, 1, last, 5, ""), // its end could not
		piece(4, 1, first, 0, "cut"), piece(4, 1, first|last, 0, "next"), // its last piece did not come
		piece(5, 1, first, 0, "open"),
	} {
		r, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.flush(); err != nil {
		t.Fatal(err)
	}
	want := []string{"1 one 0", "2 other one 0", "1 long and longer 0", "1  7", "1 a 5", "1 cut 0", "1 next 0", "1 open 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(piece(1, 1, first|last, 0, "text"))
	f.Add(piece(1, 1, last, 1<<40, ""))
	f.Add([]byte{})
	f.Add(piece(1, 1, 0, 0, "text")[:headSize+2])
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parse(b)
		if err == nil && !bytes.Contains(b, r.data) {
			t.Fatalf("%q is nowhere in %q", r.data, b)
		}
	})
}
