package bus

import (
	"bytes"
	"strings"
	"testing"
)

func frames() [][]byte {
	id := []byte(strings.Repeat("A", idSize))
	var all [][]byte
	for _, f := range []frame{
		{kind: kindOpen, limit: startWindow, payload: id},
		{kind: kindAccept, limit: startWindow, payload: id},
		{kind: kindData, payload: []byte("hello")},
		{kind: kindData, offset: 5, limit: 1 << 20, payload: []byte("world")},
		{kind: kindWindow, offset: 10, limit: 1 << 21},
		{kind: kindEnd, offset: 10},
		{kind: kindClose, offset: 10},
		{kind: kindReset},
		{kind: kindData, offset: maxOffset, payload: []byte("x")},
		{kind: kindData, payload: make([]byte, maxChunk+1)},
		{kind: kindOpen, payload: []byte("sluice.test.AAAAAAAAAAAA.>")},
		{kind: 99},
	} {
		all = append(all, f.append(nil))
	}
	return append(all, nil, []byte{frameVersion}, []byte{2, 3})
}

func FuzzFrame(f *testing.F) {
	for _, b := range frames() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseFrame(b)
		if err != nil {
			return
		}
		if again := p.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x becomes %x", b, again)
		}
		if (p.kind == kindOpen || p.kind == kindAccept) && CheckMessage(dialerSubject("x", string(p.payload)), nil) != nil {
			t.Fatalf("an id that makes no subject: %q", p.payload)
		}
	})
}

// FuzzHear has one end of a stream hear any frames; b holds several, each after
// its length in two bytes.
func FuzzHear(f *testing.F) {
	var together []byte
	for _, b := range frames() {
		f.Add(length(b))
		if len(b) <= headSize+5 {
			together = append(together, length(b)...)
		}
	}
	f.Add(together)
	f.Fuzz(func(t *testing.T, b []byte) {
		bus := NewLocal().Connect("one")
		defer bus.Close()
		c := newConn(bus, "own")
		c.peer, c.out.limit = "peer", startWindow
		if err := c.serve(); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var sent []byte // that may be read
		for len(b) >= 2 {
			n := min(int(b[0])<<8|int(b[1]), len(b)-2)
			one := b[2 : 2+n]
			b = b[2+n:]
			if p, err := parseFrame(one); err == nil && p.kind == kindData && p.offset == uint64(len(sent)) {
				sent = append(sent, p.payload...)
			}
			c.hear(NewMessage("own", bytes.Clone(one), nil))
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.in.size > maxWindow || uint64(c.in.size) != c.in.came {
			t.Fatalf("%d bytes wait, %d came", c.in.size, c.in.came)
		}
		if got := bytes.Join(c.in.chunks, nil); !bytes.HasPrefix(sent, got) {
			t.Fatalf("%q waits to be read, %q was sent", got, sent)
		}
	})
}

func length(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }

func FuzzSubject(f *testing.F) {
	for _, s := range []string{"a.b", "a.*.c", "a.>", ">", "*", "a..b", "", "a.>.b", "é", "a\r\n"} {
		f.Add(s, "a.b")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		if CheckMessage(subject, nil) == nil {
			if CheckPattern(subject) != nil || !matches(subject, subject) || !matches(">", subject) {
				t.Fatalf("%q does not hear itself", subject)
			}
		}
		if CheckPattern(pattern) != nil || CheckMessage(subject, nil) != nil {
			return
		}
		if got, want := matches(pattern, subject), slowMatch(strings.Split(pattern, "."), strings.Split(subject, ".")); got != want {
			t.Fatalf("%q hears %q: %t, not %t", pattern, subject, got, want)
		}
	})
}

func slowMatch(pattern, subject []string) bool {
	switch {
	case len(pattern) == 0 || len(subject) == 0:
		return len(pattern) == len(subject)
	case pattern[0] == ">":
		return true
	}
	return (pattern[0] == "*" || pattern[0] == subject[0]) && slowMatch(pattern[1:], subject[1:])
}
