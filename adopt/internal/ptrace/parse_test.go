//go:build linux && (amd64 || arm64)

package ptrace

import (
	"errors"
	"testing"
)

func TestParseCall(t *testing.T) {
	c, err := parseCall([]byte("0 0x3 0x7ffd 0x400 0x0 0x0 0x0 0x7ffd10 0x7f20\n"))
	want := call{args: [6]uint64{3, 0x7ffd, 0x400}, sp: 0x7ffd10, pc: 0x7f20}
	if err != nil || c != want {
		t.Errorf("%+v, %v", c, err)
	}
	for _, text := range []string{"running\n", "-1 0x7ffd10 0x7f20\n"} {
		if _, err := parseCall([]byte(text)); !errors.Is(err, errNoCall) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseCall(f *testing.F) {
	for _, text := range []string{"", "running\n", "-1 0x7ffd10 0x7f20\n", "0 0x3 0x7ffd 0x400 0x0 0x0 0x0 0x7ffd10 0x7f20\n", "x 1 2 3 4 5 6 7 8"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parseCall(data); err == nil && c.nr < 0 {
			t.Errorf("%+v", c)
		}
	})
}
