package main

import (
	"bytes"
	"io"
	"testing"
)

func TestWrite(t *testing.T) {
	for _, size := range []int64{0, 79, 80, 4096, 4097, 200000} {
		var out bytes.Buffer
		if err := write(&out, size, 4096); err != nil {
			t.Fatal(err)
		}
		if int64(out.Len()) != size {
			t.Errorf("%d bytes, want %d", out.Len(), size)
		}
		for i, line := range bytes.SplitAfter(out.Bytes(), []byte("\n")) {
			if whole := (int64(i)+1)*lineLen <= size; whole && (len(line) != lineLen || line[lineLen-1] != '\n') {
				t.Fatalf("line %d of %d bytes is %q", i, size, line)
			}
		}
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"many"}, {"-1"}, {"1", "ready"}, {"-write", "0", "1"}, {"-no-such-flag", "1"}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
