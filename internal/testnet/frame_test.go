package testnet

import (
	"encoding/hex"
	"testing"
)

func frame(t testing.TB, ether string) []byte {
	t.Helper()
	b, err := hex.DecodeString("00000000000000000000" + ether)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	toB       = "02000a42010202000a4201010800"
	udpOf5    = "4500002100000000401100000a4201010a420102" + "00070007000d0000" + "68656c6c6f"
	tcpOf2    = "4500003600000000400600000a4201010a420102" + "0007000700000000000000008018ffff00000000" + "000000000000000000000000" + "6869"
	padding   = "000000000000"
	fragment2 = "4500002100000001401100000a4201010a420102" + "00070007000d0000" + "68656c6c6f"
	tcpCut    = "4500001600000000400600000a4201010a420102" + "0007"
	longHead  = "4f00001400000000401100000a4201010a420102"
	tooLong   = "4500ffff00000000401100000a4201010a420102"
)

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		ether string
		want  int64
	}{
		{"", 0}, {toB, 0}, {toB + udpOf5, 5}, {toB + udpOf5 + padding, 5}, {toB + tcpOf2, 2},
		{toB + fragment2, 0}, {toB + tcpCut, 0}, {toB + longHead, 0}, {toB + tooLong, 0},
	} {
		if got := payload(frame(t, c.ether)); got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.ether, got, c.want)
		}
	}
	a, b := [6]byte{2, 0, 10, 66, 1, 1}, [6]byte{2, 0, 10, 66, 1, 2}
	for ether, want := range map[string][2]bool{
		toB:                            {false, true},
		"ffffffffffff" + toB[12:]:      {true, true},
		"01005e00000102000a4201010800": {true, true},
		"33330000000102000a42010186dd": {false, false},
		toB[:20]:                       {false, false},
	} {
		f := frame(t, ether)
		if got := [2]bool{reaches(f, a), reaches(f, b)}; got != want {
			t.Errorf("%s: reaches %v, want %v", ether, got, want)
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, ether := range []string{"", toB + udpOf5, toB + tcpOf2, toB + tcpCut, toB + longHead, toB + tooLong} {
		f.Add(frame(f, ether))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		reaches(b, [6]byte{2})
		if got := payload(b); got < 0 || got > int64(len(b)) {
			t.Errorf("%x: %d bytes", b, got)
		}
	})
}
