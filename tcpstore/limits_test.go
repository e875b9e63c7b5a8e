package tcpstore

import (
	"strings"
	"testing"
)

// small limits that a test reaches quickly.
var small = Options{MaxKey: 16, MaxValue: 64, MaxKeys: 4, MaxBytes: 8 << 10}

func TestBreaches(t *testing.T) {
	littleEndian(t)
	key17, value65 := "1100000000000000", "4100000000000000" // lengths alone, nothing behind them
	for what, send := range map[string]string{
		"unknown command 19":                       hello + "13",
		"unknown command 255":                      hello + "ff",
		"unknown command 13":                       "0d",
		"VALIDATE with 0x3c85f7cf":                 hello + "00 cff7853c",
		"a key of 17 bytes, more than 16":          hello + "03" + key17,
		"a key of 999999998 bytes":                 "00 fec99a3b 00000000",
		"a key of 18446744073709551615 bytes":      hello + "03 ffffffffffffffff",
		"a value of 65 bytes, more than 64":        hello + "01 0100000000000000 61" + value65,
		"5 keys in one request":                    hello + "06 0500000000000000",
		"18446744073709551615 keys in one request": hello + "0b ffffffffffffffff",
		"is no number: \"x\"":                      hello + "01 0100000000000000 61 0100000000000000 78 04 0100000000000000 61 0100000000000000",
		"does not fit 64 bits":                     hello + "04 0100000000000000 61 ffffffffffffff7f 04 0100000000000000 61 0100000000000000",
	} {
		t.Run(what, func(t *testing.T) {
			s := listen(t, small)
			other := connect(t, s)
			w := dialWire(t, s)
			w.send(send)
			if strings.Contains(what, "64 bits") {
				w.expect("ffffffffffffff7f")
			}
			w.hungUp()
			eventually(t, "a counted breach", func() bool { return s.Stats().Breaches == 1 })
			if st := s.Stats(); !strings.Contains(st.Last, what) || !strings.HasPrefix(st.Last, w.LocalAddr().String()+": ") {
				t.Errorf("the last reason: %s", st.Last)
			}
			if err := other.Set(ctx(t), "k", make([]byte, 64)); err != nil {
				t.Errorf("another client: %v", err)
			}
		})
	}
}

func TestFull(t *testing.T) {
	littleEndian(t)
	for what, fill := range map[string]func(s *Server, w wire, i byte){ // writes may fail: the last one is refused
		"keys": func(_ *Server, w wire, i byte) {
			w.Write(appendString(appendString([]byte{1}, []byte{i}), make([]byte, 64)))
		},
		"append": func(_ *Server, w wire, _ byte) { w.Write(appendString(appendString([]byte{9}, "k"), make([]byte, 64))) },
		"queue": func(_ *Server, w wire, _ byte) {
			w.Write(appendString(appendString([]byte{14}, "k"), make([]byte, 64)))
		},
		// Each wait of a connection replaces the one before, so many of them.
		"waits": func(s *Server, w wire, _ byte) {
			before := s.waiting()
			dialWire(w.t, s).sendBytes(appendKeys(unhex(w.t, hello+"06"), []string{"0123456789abcdef", "b", "c", "d"}))
			eventually(w.t, "the wait", func() bool { return s.waiting() > before || s.Stats().Full > 0 })
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := listen(t, small)
			w := dialWire(t, s)
			w.send(hello)
			for i := range 200 {
				if s.Stats().Full > 0 {
					break
				}
				fill(s, w, byte(i))
			}
			eventually(t, "a full store", func() bool { return s.Stats().Full > 0 })
			if st := s.Stats(); st.Bytes > small.MaxBytes || !strings.Contains(st.Last, "full") {
				t.Errorf("%+v", st)
			}
			// Room again, for others. In one case this connection has asked for nothing.
			w.Close()
			s.Reset()
			eventually(t, "room", func() bool { return s.Stats().Bytes == 0 && s.Stats().Connections == 0 })
			if err := connect(t, s).Set(ctx(t), "k", make([]byte, 64)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A large reply under way is charged as well: a reader that stops cannot make us
// keep values that are long replaced.
func TestFullOfReplies(t *testing.T) {
	s := listen(t, Options{MaxBytes: 4 << 20})
	c, ctx := connect(t, s), ctx(t)
	if err := c.Set(ctx, "k", make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	keys := []string{"k", "k", "k", "k"}
	if _, err := c.MultiGet(ctx, keys[:2]...); err != nil {
		t.Fatal(err)
	}
	if _, err := c.MultiGet(ctx, keys...); err == nil || !strings.Contains(err.Error(), "hung up") {
		t.Errorf("got %v", err)
	}
	eventually(t, "a counted error", func() bool { return s.Stats().Full == 1 })
}

func TestMaxConns(t *testing.T) {
	s := listen(t, Options{MaxConns: 2})
	a, b := connect(t, s), connect(t, s)
	if _, err := Dial(ctx(t), s.Addr().String()); err == nil || !strings.Contains(err.Error(), "takes no more connections") {
		t.Errorf("got %v", err)
	}
	if st := s.Stats(); st.Dropped != 1 || !strings.Contains(st.Last, "more than 2 connections") {
		t.Errorf("%+v", st)
	}
	if err := a.Set(ctx(t), "k", nil); err != nil {
		t.Error(err)
	}
	b.Close()
	eventually(t, "a free place", func() bool { return s.Stats().Connections == 1 })
	if err := connect(t, s).Set(ctx(t), "k", nil); err != nil {
		t.Error(err)
	}
}

// Lengths are not believed: nothing is allocated for bytes that have not come.
func TestAnnouncedBytes(t *testing.T) {
	littleEndian(t)
	s := listen(t, Options{})
	before := heap()
	var all []wire
	for range 32 {
		v, k := dialWire(t, s), dialWire(t, s)
		v.send(hello + "01 0100000000000000 61 0000800000000000") // 8 MiB
		k.send(hello + "0a 0000020000000000")                     // 131072 keys
		all = append(all, v, k)
	}
	eventually(t, "all of them in a request", func() bool { return s.Stats().Connections == 64 && s.Stats().Bytes > 0 })
	for _, w := range all {
		w.send("61")
	}
	if now := heap(); now > before+16<<20 {
		t.Errorf("%d bytes for nothing", now-before)
	}
	if b := s.Stats().Bytes; b > 1<<20 {
		t.Errorf("%d bytes charged for nothing", b)
	}
}
