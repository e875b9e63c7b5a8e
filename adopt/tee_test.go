package adopt

import (
	"bytes"
	"testing"
)

func TestUnseen(t *testing.T) {
	for _, c := range []struct{ before, now, want string }{
		{"", "", ""},
		{"", "a", "a"},
		{"a", "", ""},
		{"one\n", "one\ntwo\n", "two\n"},
		{"one\ntwo\n", "two\nthree\n", "three\n"},
		{"one\n", "two\n", "two\n"},
		{"one\n", "one\n", ""},
		{"aab", "abaab", "aab"},
		{"abab", "ababc", "c"},
		{"xabab", "abab", ""},
		{"aa", "aaa", "a"},
		{"aaaa", "aa", ""},
	} {
		if got := string(unseen([]byte(c.before), []byte(c.now))); got != c.want {
			t.Errorf("after %q of %q new is %q, not %q", c.before, c.now, got, c.want)
		}
	}
}

func FuzzUnseen(f *testing.F) {
	f.Add([]byte("one\ntwo\n"), []byte("two\nthree\n"))
	f.Add([]byte("aabaab"), []byte("aab"))
	f.Add([]byte(""), []byte("a"))
	f.Fuzz(func(t *testing.T, before, now []byte) {
		got := unseen(before, now)
		if !bytes.HasSuffix(now, got) {
			t.Fatalf("%q is no end of %q", got, now)
		}
		known := now[:len(now)-len(got)]
		if !bytes.HasSuffix(before, known) {
			t.Fatalf("%q is no end of %q", known, before)
		}
		for n := len(known) + 1; n <= min(len(before), len(now)); n++ {
			if bytes.HasSuffix(before, now[:n]) {
				t.Fatalf("%q was there before", now[:n])
			}
		}
	})
}
