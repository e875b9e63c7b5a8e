package tcpstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

// FuzzServer sends any bytes to a server, after which the client hangs up: it must
// end, without a panic, and keep nothing but keys and queues. What it uses stays
// within its limit all the time.
func FuzzServer(f *testing.F) {
	for _, steps := range [][]step{modern, legacy} {
		var all []byte
		for _, s := range steps {
			f.Add(unhex(f, s.send))
			all = append(all, unhex(f, s.send)...)
		}
		f.Add(all)
	}
	hi := unhex(f, hello)
	f.Add(append(hi[:5:5], appendKeys([]byte{byte(cmdWait)}, []string{"a", "b", "a"})...))
	f.Add(append(hi[:5:5], append(appendKeys([]byte{byte(cmdWait)}, []string{"a"}), byte(cmdCancelWait))...))
	f.Add(append(appendString([]byte{7}, "k"), appendString(appendString([]byte{0}, "k"), "v")...))
	f.Add(append(hi[:5:5], 12, 1, 0, 0, 0, 0, 0, 0, 0, 'b', 2, 0, 0, 0, 0, 0, 0, 0))
	f.Add(append(hi[:5:5], 1, 255, 255, 255, 255, 255, 255, 255, 255))
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := Options{MaxKey: 64, MaxValue: 256, MaxKeys: 8, MaxBytes: 8 << 10}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		s := newServer(o)
		ours, theirs := net.Pipe()
		s.begin(ours)
		go func() {
			theirs.Write(in)
			theirs.Close()
		}()
		io.Copy(io.Discard, theirs) // until one of the two has hung up
		theirs.Close()
		s.wg.Wait()
		if max := s.bytes.used.Load(); max < 0 || max > o.MaxBytes {
			t.Errorf("%d bytes are in use", max)
		}
		if n := s.waiting() + len(s.store.watches) + len(s.conns); n != 0 {
			t.Errorf("%d waits, watches and connections are left", n)
		}
		s.Reset()
		if n := s.bytes.used.Load(); n != 0 {
			t.Errorf("%d bytes are in use by nothing", n)
		}
	})
}

// FuzzClientReplies answers every kind of call with any bytes: each call ends, with
// a result or an error.
func FuzzClientReplies(f *testing.F) {
	for _, s := range modern {
		f.Add(byte(0), unhex(f, s.want))
	}
	for what := range byte(9) {
		f.Add(what, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		f.Add(what, bytes.Repeat([]byte{255}, 16))
		f.Add(what, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	f.Fuzz(func(t *testing.T, what byte, replies []byte) {
		ours, theirs := net.Pipe()
		c := newClient("fuzz", ours)
		go func() {
			theirs.Read(make([]byte, 1)) // not before there is a question
			go io.Copy(io.Discard, theirs)
			theirs.Write(replies)
			theirs.Close()
		}()
		var err error
		ctx := context.Background()
		switch what % 9 {
		case 0:
			var v []byte
			var ok bool
			v, ok, err = c.Get(ctx, "k")
			if len(v) > 0 && !ok || err != nil && ok {
				t.Errorf("Get: %q %v %v", v, ok, err)
			}
		case 1:
			_, err = c.Add(ctx, "k", 1)
		case 2:
			_, err = c.CompareSet(ctx, "k", nil, nil)
		case 3:
			_, err = c.Check(ctx, "k")
		case 4:
			_, err = c.Delete(ctx, "k")
		case 5:
			_, err = c.NumKeys(ctx)
		case 6:
			var values [][]byte
			values, err = c.MultiGet(ctx, "a", "b")
			if err == nil && len(values) != 2 {
				t.Errorf("MultiGet: %q", values)
			}
		case 7:
			err = c.Set(ctx, "k", nil)
		case 8:
			err = c.MultiSet(ctx, []string{"a"}, [][]byte{nil})
		}
		if err == nil && len(replies) < 1 {
			t.Error("a result without a reply")
		}
		c.Close()
		theirs.Close()
		if err := c.Set(ctx, "k", nil); !errors.Is(err, errClosed) && c.lost() == nil {
			t.Errorf("after the end: %v", err)
		}
	})
}
