package session

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	want := []struct {
		kind FrameKind
		text string
	}{{FrameOutput, "hello"}, {FrameKeys, ""}, {FrameRedraw, strings.Repeat("x", maxFrame)}, {FrameEnd, "{}"}}
	for _, f := range want {
		if err := WriteFrame(&b, f.kind, []byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	all := b.Bytes()
	r := NewFrameReader(iotest.OneByteReader(&b))
	for _, f := range want {
		kind, p, err := r.Read()
		if kind != f.kind || string(p) != f.text || err != nil {
			t.Errorf("%c %.20q %v, want %c %.20q", kind, p, err, f.kind, f.text)
		}
	}
	if _, _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for _, n := range []int{3, 5, 9} { // in the head, between head and payload, in the payload
		if _, _, err := NewFrameReader(bytes.NewReader(all[:n])).Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := WriteFrame(io.Discard, FrameKeys, make([]byte, maxFrame+1)); err == nil {
		t.Error("a frame that is too long was written")
	}
	if _, _, err := NewFrameReader(strings.NewReader("k\xff\xff\xff\xff")).Read(); err == nil || !strings.Contains(err.Error(), "most is") {
		t.Errorf("%v", err)
	}
}

// Whatever comes is frames or an error, and what was read is written as it was.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("k\x00\x00\x00\x01a"))
	f.Add([]byte("o\x00\x00\x00\x00e\x00\x00\x00\x02{}"))
	f.Add([]byte("k\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewFrameReader(bytes.NewReader(in))
		var out bytes.Buffer
		for {
			kind, p, err := r.Read()
			if err != nil {
				break
			}
			if err := WriteFrame(&out, kind, p); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(in, out.Bytes()) {
			t.Fatalf("%q was read, %q written", in, out.Bytes())
		}
	})
}
