package tcpstore

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestListen(t *testing.T) {
	for addr, want := range map[string]string{
		"localhost":      "missing port",
		"127.0.0.1:nine": "unknown port",
		"192.0.2.1:0":    "assign requested address",
	} {
		s, err := Listen(Options{Addr: addr})
		if err == nil {
			s.Close()
			t.Errorf("%s: it listens", addr)
		} else if !strings.Contains(err.Error(), "listening for a store") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if _, err := Listen(Options{MaxKey: -1}); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("got %v", err)
	}
	s, err := Listen(Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Every interface: the loopback of either family that the machine has.
	ifaces := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}
	for network, probe := range ifaces {
		l, err := net.Listen(network, probe)
		if err != nil {
			continue // the machine has no such family
		}
		l.Close()
		host, _, _ := net.SplitHostPort(probe)
		c, err := Dial(ctx(t), net.JoinHostPort(host, fmt.Sprint(s.Port())))
		if err != nil {
			t.Errorf("%s: %v", network, err)
			continue
		}
		c.Close()
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReset(t *testing.T) {
	s := listen(t, Options{Reserved: "agent/"})
	ctx := ctx(t)
	agent, worker, mixed := connect(t, s), connect(t, s), connect(t, s)
	idle, stale := connect(t, s), connect(t, s) // ask for nothing yet
	watcher := dialWire(t, s)
	watcher.sendBytes(appendString([]byte{7}, "/k"))
	watcher.expect("03")
	for _, err := range []error{
		agent.Set(ctx, "agent/round", []byte("3")),
		agent.Set(ctx, "stale", nil),
		worker.Set(ctx, "/init", []byte("4")),
		mixed.Set(ctx, "/init", []byte("4")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := mixed.Check(ctx, "agent/no"); ok || err != nil {
		t.Fatalf("%v %v", ok, err)
	}
	queue := dialWire(t, s)
	queue.sendBytes(order.AppendUint32([]byte{byte(cmdValidate)}, magic))
	queue.sendBytes(appendString(appendString([]byte{byte(cmdQueuePush)}, "q"), "v"))
	queue.settled()
	waits := make(chan error)
	go func() { waits <- worker.Wait(ctx, "/never") }()
	go func() { waits <- agent.Wait(ctx, "agent/never") }()
	s.awaitWaits(t, 2)

	s.Reset()
	if err := <-waits; err == nil {
		t.Error("a worker's wait ended well")
	}
	if err := worker.Set(ctx, "late", nil); err == nil {
		t.Error("a worker of the attempt before can still write")
	}
	watcher.hungUp()
	if err := stale.Set(ctx, "/late", nil); err == nil {
		t.Error("a worker of the attempt before can write what it had not written yet")
	}
	if _, _, err := idle.Get(ctx, "agent/round"); err != nil {
		t.Errorf("a connection that had asked for nothing: %v", err)
	}
	for _, c := range []*Client{agent, mixed} {
		if v, ok, err := c.Get(ctx, "agent/round"); err != nil || !ok || string(v) != "3" {
			t.Errorf("%q %v %v", v, ok, err)
		}
	}
	if n, err := agent.NumKeys(ctx); err != nil || n != 1 {
		t.Errorf("%d keys, %v", n, err)
	}
	if ok, err := agent.Check(ctx, "q"); ok || err != nil {
		t.Errorf("the queue is there: %v", err)
	}
	fresh := connect(t, s)
	if _, ok, err := fresh.Get(ctx, "/init"); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	if err := fresh.Set(ctx, "agent/never", nil); err != nil {
		t.Error(err)
	}
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

// One pushed value wakes one of those who wait for the queue, the oldest.
func TestQueueWakesOne(t *testing.T) {
	littleEndian(t)
	s := listen(t, Options{})
	var waiters []wire
	for i := range 3 {
		w := dialWire(t, s)
		w.send(hello + "06 0100000000000000 0100000000000000 71")
		s.awaitWaits(t, i+1)
		waiters = append(waiters, w)
	}
	both := dialWire(t, s)
	both.send(hello + "06 0200000000000000 0100000000000000 71 0100000000000000 72")
	s.awaitWaits(t, 5)
	c := dialWire(t, s)
	c.send(hello)
	for i, w := range waiters {
		c.send("0e 0100000000000000 71 0000000000000000")
		w.expect("00")
		s.awaitWaits(t, 3-i) // the others', and r of both's
	}
	c.send("01 0100000000000000 72 0000000000000000")
	both.expect("00")
}

// 512 clients at once, each of which counts itself in and waits for the last.
func TestManyClients(t *testing.T) {
	t.Parallel()
	s := listen(t, Options{})
	const n = 512
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			c, err := Dial(ctx(t), s.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			sum, err := c.Add(ctx(t), "init/", 1)
			if err == nil && sum == n {
				err = c.Set(ctx(t), "go", nil)
			}
			if err == nil {
				err = c.Wait(ctx(t), "go")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Clients that say nothing, stop in the middle or never read: the others go on, and
// so does Close (see listen).
func TestHostileConnections(t *testing.T) {
	t.Parallel()
	littleEndian(t)
	s := listen(t, Options{})
	c, ctx := connect(t, s), ctx(t)
	if err := c.Set(ctx, "big", make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	dialWire(t, s)
	for _, start := range []string{"00", "00 cef785", hello + "01 05", hello + "06 0500000000000000 0100000000000000 78"} {
		dialWire(t, s).send(start)
	}
	deaf := dialWire(t, s)
	deaf.send(hello + strings.Repeat("03 0300000000000000 626967", 20))
	deafWatcher := dialWire(t, s)
	deafWatcher.sendBytes(appendString([]byte{7}, "big"))
	deafWatcher.expect("03")
	for range 12 {
		if err := c.Set(ctx, "big", make([]byte, 4<<20)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the end of the deaf watcher", func() bool { return s.Stats().Breaches == 1 })
	if last := s.Stats().Last; !strings.Contains(last, "does not read") {
		t.Error(last)
	}
}

// A client that waits but has not read what it was sent before cannot make the one
// that ends its wait wait: the ready byte goes into its outbox.
func TestReadyByteForOneWhoDoesNotRead(t *testing.T) {
	s := newServer(func() Options { o, _ := Options{}.withDefaults(); return o }())
	ours, theirs := net.Pipe() // takes nothing until it is read
	s.begin(ours)
	theirs.Write(order.AppendUint32([]byte{byte(cmdValidate)}, magic))
	theirs.Write(appendKeys([]byte{byte(cmdWait)}, []string{"k"}))
	s.awaitWaits(t, 1)
	other, otherEnd := net.Pipe()
	s.begin(other)
	otherEnd.Write(order.AppendUint32([]byte{byte(cmdValidate)}, magic))
	otherEnd.Write(appendString(appendString([]byte{byte(cmdSet)}, "k"), ""))
	otherEnd.Write([]byte{byte(cmdGetNumKeys)})
	if _, err := io.ReadFull(otherEnd, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	// It is there all the same once it reads, and before what follows.
	go theirs.Write([]byte{byte(cmdCancelWait)})
	answer := make([]byte, 2)
	if _, err := io.ReadFull(theirs, answer); err != nil || answer[0] != replyReady || answer[1] != replyCanceled {
		t.Errorf("got %x %v", answer, err)
	}
	s.Close()
	theirs.Close()
	otherEnd.Close()
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
