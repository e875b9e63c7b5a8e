package testnet

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

// answers tells whether a TCP connection can be had.
func answers(t *testing.T, from *Host, addr net.Addr) bool {
	t.Helper()
	ok := false
	from.Do(t, func() {
		c, err := net.DialTimeout("tcp", addr.String(), time.Second)
		if ok = err == nil; ok {
			c.Close()
		} else if !os.IsTimeout(err) {
			t.Errorf("dialing: %v", err)
		}
	})
	return ok
}

func TestCutAndHeal(t *testing.T) {
	t.Parallel()
	n := New(t, "a", "b", "c")
	a, b, c := n.Host("a"), n.Host("b"), n.Host("c")
	la, lb := listen(t, a), listen(t, b)
	eventually(t, "a and b are joined", func() bool { return answers(t, a, lb.Addr()) && answers(t, b, la.Addr()) })
	client, server := connect(t, a, b)

	n.Cut("b")
	if answers(t, a, lb.Addr()) || answers(t, b, la.Addr()) {
		t.Error("b is cut off and reachable")
	}
	eventually(t, "c is not cut off", func() bool { return answers(t, c, la.Addr()) })
	client.Write([]byte("before"))
	n.Heal("b")
	eventually(t, "b is back", func() bool { return answers(t, a, lb.Addr()) && answers(t, b, la.Addr()) })
	// TCP has kept it.
	server.SetDeadline(time.Now().Add(20 * time.Second))
	if got := make([]byte, 6); true {
		if _, err := io.ReadFull(server, got); err != nil || string(got) != "before" {
			t.Errorf("%q, %v", got, err)
		}
	}

	// Healing one of two that are cut off does not join them.
	n.Cut("a")
	n.Cut("b")
	n.Heal("a")
	if answers(t, a, lb.Addr()) {
		t.Error("b is cut off and reachable")
	}
}

func TestCutOneWay(t *testing.T) {
	t.Parallel()
	n := New(t, "a", "b")
	a, b := n.Host("a"), n.Host("b")
	l := listen(t, a)
	n.CutOneWay("b", "a")
	back, none := flow(t, b, a)
	back(1)
	if answers(t, b, l.Addr()) {
		t.Error("b reaches a")
	}
	send, got := flow(t, a, b)
	send(7)
	if i := next(t, got); i != 7 {
		t.Errorf("got %d", i)
	}
	n.Heal("a")
	back(2)
	if i := next(t, none); i != 2 {
		t.Errorf("got %d", i)
	}
	eventually(t, "b reaches a", func() bool { return answers(t, b, l.Addr()) })
}

func TestDelay(t *testing.T) {
	t.Parallel()
	n := New(t, "a", "b", "c")
	client, server := connect(t, n.Host("a"), n.Host("b"))
	go io.Copy(server, server)
	n.SetFaults("a", "b", Faults{Delay: 150 * time.Millisecond, Jitter: 50 * time.Millisecond})
	n.SetFaults("b", "a", Faults{Delay: 100 * time.Millisecond})
	client.SetDeadline(time.Now().Add(20 * time.Second))
	for range 3 {
		start := time.Now()
		client.Write([]byte("x"))
		if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 250*time.Millisecond {
			t.Errorf("the echo took %v", took)
		}
	}
	// The order stays, also when the delay ends while frames are under way.
	send, got := flow(t, n.Host("a"), n.Host("b"))
	for i := range 200 {
		if i == 100 {
			n.SetFaults("", "", Faults{})
		}
		send(i)
	}
	for i := range 200 {
		if j := next(t, got); j != i {
			t.Fatalf("%d comes instead of %d", j, i)
		}
	}
}

func TestDuplicate(t *testing.T) {
	n := New(t, "a", "b")
	n.SetFaults("a", "", Faults{Duplicate: 1})
	send, got := flow(t, n.Host("a"), n.Host("b"))
	for i := range 100 {
		send(i)
		if one, two := next(t, got), next(t, got); one != i || two != i {
			t.Fatalf("%d and %d instead of %d", one, two, i)
		}
	}
}

func TestReorder(t *testing.T) {
	n := New(t, "a", "b")
	n.SetFaults("a", "b", Faults{Reorder: 0.3})
	send, got := flow(t, n.Host("a"), n.Host("b"))
	const count = 500
	for i := range count {
		send(i)
	}
	seen, overtook, highest := map[int]bool{}, 0, -1
	for range count {
		i := next(t, got)
		if seen[i] {
			t.Errorf("%d comes twice", i)
		}
		seen[i] = true
		if i < highest {
			overtook++
		}
		highest = max(highest, i)
	}
	if overtook == 0 {
		t.Error("all came in order")
	}
}

// The same seed loses the same datagrams.
func TestLossAndSeed(t *testing.T) {
	n := New(t, "a", "b")
	send, got := flow(t, n.Host("a"), n.Host("b"))
	const count = 400
	run := 0
	lossy := func(seed int64) (arrived []int) {
		run += 1_000_000
		n.SetFaults("a", "b", Faults{Loss: 0.5})
		n.Seed(seed)
		for i := range count {
			send(run + i)
		}
		for i := count; ; i++ { // one of these gets through, behind all others
			send(run + i)
			for wait := time.After(50 * time.Millisecond); wait != nil; {
				select {
				case j := <-got:
					if j >= run+count {
						return arrived
					} else if j >= run { // not the run's before
						arrived = append(arrived, j-run)
					}
				case <-wait:
					wait = nil
				}
			}
		}
	}
	first, again, other := lossy(5), lossy(5), lossy(6)
	if len(first) < count/4 || len(first) > count*3/4 {
		t.Errorf("%d of %d arrive", len(first), count)
	}
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Errorf("the seed does not decide:\n%v\n%v\n%v", first, again, other)
	}
}

// Streams arrive whole over a bad network, and are counted.
func TestStreamOverBadNetwork(t *testing.T) {
	n := New(t, "a", "b", "c")
	n.SetFaults("", "", Faults{Loss: 0.01, Duplicate: 0.01, Reorder: 0.01, Delay: time.Millisecond, Jitter: time.Millisecond})
	client, server := connect(t, n.Host("a"), n.Host("b"))
	base := n.Bytes("a", "b")
	data := bytes.Repeat([]byte("0123456789abcdefghijk"), 100_000)
	go func() {
		client.Write(data)
		client.(*net.TCPConn).CloseWrite()
	}()
	server.SetDeadline(time.Now().Add(60 * time.Second))
	got, err := io.ReadAll(server)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(data) {
		t.Errorf("%d of %d bytes arrived: %v", len(got), len(data), err)
	}
	if count := n.Bytes("a", "b") - base; count < int64(len(data)) {
		t.Errorf("%d bytes were counted of %d", count, len(data))
	}
	if count := n.Bytes("b", "a"); count != 0 {
		t.Errorf("%d bytes went back", count)
	}
	if count := n.Bytes("", "c") + n.Bytes("c", ""); count != 0 {
		t.Errorf("%d bytes from or to c", count)
	}
}

func TestBytesAreExact(t *testing.T) {
	n := New(t, "a", "b", "c")
	send, got := flow(t, n.Host("a"), n.Host("b"))
	for i := range 100 {
		send(i)
		next(t, got)
	}
	const want = 10*1 + 90*2
	if got := n.Bytes("a", "b"); got != want || n.Bytes("", "b") != want || n.Bytes("a", "") != want || n.Bytes("", "") != want {
		t.Errorf("%d bytes were counted of %d", got, want)
	}
}

func BenchmarkStream(b *testing.B) {
	n := New(b, "a", "b")
	var l net.Listener
	var client net.Conn
	n.Host("b").Do(b, func() { l, _ = net.Listen("tcp", n.Host("b").Addr().String()+":0") })
	defer l.Close()
	n.Host("a").Do(b, func() { client, _ = net.Dial("tcp", l.Addr().String()) })
	server, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	data := make([]byte, 1<<20)
	b.SetBytes(int64(len(data)))
	go func() {
		defer client.Close()
		for range b.N {
			client.Write(data)
		}
	}()
	io.Copy(io.Discard, server)
}
