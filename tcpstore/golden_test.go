package tcpstore

import (
	"encoding/binary"
	"testing"
)

// step is what a client sends and what it is answered, in hexadecimal.
type step struct{ what, send, want string }

// The modern protocol, byte by byte, as reference material describes it.
var modern = []step{
	{"VALIDATE, PING", hello + "0d 78563412", "78563412"},
	{"SET a=xyz", "01 0100000000000000 61 0300000000000000 78797a", ""},
	{"GET a", "03 0100000000000000 61", "0300000000000000 78797a"},
	{"GET of a missing key", "03 0100000000000000 62", "0000000000000000"},
	{"COMPARE_SET, missing, something expected", "02 0100000000000000 6d 0100000000000000 78 0100000000000000 79", "0100000000000000 78"},
	{"and it was not set", "05 0100000000000000 0100000000000000 6d", "01"},
	{"COMPARE_SET, missing, nothing expected", "02 0100000000000000 6d 0000000000000000 0100000000000000 79", "0100000000000000 79"},
	{"COMPARE_SET, another one expected", "02 0100000000000000 6d 0100000000000000 71 0100000000000000 7a", "0100000000000000 79"},
	{"COMPARE_SET, as expected", "02 0100000000000000 6d 0100000000000000 79 0100000000000000 7a", "0100000000000000 7a"},
	{"COMPARE_SET, present, nothing expected", "02 0100000000000000 6d 0000000000000000 0100000000000000 79", "0100000000000000 7a"},
	{"ADD 5", "04 0100000000000000 6e 0500000000000000", "0500000000000000"},
	{"ADD -7", "04 0100000000000000 6e f9ffffffffffffff", "feffffffffffffff"},
	{"the number is text", "03 0100000000000000 6e", "0200000000000000 2d32"},
	{"CHECK of both", "05 0200000000000000 0100000000000000 61 0100000000000000 6e", "00"},
	{"CHECK, one missing", "05 0200000000000000 0100000000000000 61 0100000000000000 62", "01"},
	{"CHECK of nothing", "05 0000000000000000", "00"},
	{"WAIT for both", "06 0200000000000000 0100000000000000 61 0100000000000000 6e", "00"},
	{"GETNUMKEYS", "07", "0300000000000000"},
	{"DELETE_KEY", "08 0100000000000000 6d", "0100000000000000"},
	{"DELETE_KEY, missing", "08 0100000000000000 6d", "0000000000000000"},
	{"APPEND", "09 0100000000000000 61 0200000000000000 2121", ""},
	{"APPEND, missing", "09 0100000000000000 71 0100000000000000 31", ""},
	{"MULTI_GET", "0a 0300000000000000 0100000000000000 61 0100000000000000 62 0100000000000000 71",
		"0500000000000000 78797a2121 0000000000000000 0100000000000000 31"},
	{"MULTI_GET of nothing", "0a 0000000000000000", ""},
	{"MULTI_SET", "0b 0200000000000000 0100000000000000 61 0100000000000000 31 0100000000000000 65 0000000000000000", ""},
	{"CANCEL_WAIT without a wait", "0c", "01"},
	{"CHECK of a key with an empty value", "05 0100000000000000 0100000000000000 65", "00"},
	{"QUEUE_LEN", "10 0100000000000000 75", "0000000000000000"},
	{"QUEUE_POP, empty", "0f 0100000000000000 75", "0000000000000000"},
	{"QUEUE_PUSH one", "0e 0100000000000000 75 0300000000000000 6f6e65", ""},
	{"QUEUE_PUSH empty", "0e 0100000000000000 75 0000000000000000", ""},
	{"QUEUE_LEN", "10 0100000000000000 75", "0200000000000000"},
	{"CHECK of a queue", "05 0100000000000000 0100000000000000 75", "00"},
	{"queues are no keys", "07", "0400000000000000"},
	{"QUEUE_POP", "0f 0100000000000000 75", "0200000000000000 0300000000000000 6f6e65"},
	{"QUEUE_POP", "0f 0100000000000000 75", "0100000000000000 0000000000000000"},
	{"CHECK of an empty queue", "05 0100000000000000 0100000000000000 75", "01"},
	{"DELETE_KEY", "08 0100000000000000 61", "0100000000000000"},
	{"DELETE_KEY", "08 0100000000000000 65", "0100000000000000"},
	{"DELETE_KEY", "08 0100000000000000 6e", "0100000000000000"},
	{"LIST_KEYS", "11", "0100000000000000 0100000000000000 71"},
	{"BARRIER of one", "12 0100000000000000 77 0100000000000000", "00"},
	{"BARRIER counts in its key", "03 0100000000000000 77", "0100000000000000 31"},
}

// What torch 1.13 and its server say to each other, recorded between the two; from
// APPEND on, what torch 2.0 added.
var legacy = []step{
	{"SET /a=xyz", "00 0200000000000000 2f61 0300000000000000 78797a", ""},
	{"get: WAIT", "05 0100000000000000 0200000000000000 2f61", "00"},
	{"get: GET", "02 0200000000000000 2f61", "0300000000000000 78797a"},
	{"add init/: what the constructor does", "03 0500000000000000 696e69742f 0100000000000000", "0100000000000000"},
	{"ADD 5", "03 0200000000000000 2f6e 0500000000000000", "0500000000000000"},
	{"ADD -7", "03 0200000000000000 2f6e f9ffffffffffffff", "feffffffffffffff"},
	{"GET", "02 0200000000000000 2f6e", "0200000000000000 2d32"},
	{"WAIT for both", "05 0200000000000000 0200000000000000 2f61 0200000000000000 2f6e", "00"},
	{"WAIT for nothing", "05 0000000000000000", "00"},
	{"GETNUMKEYS", "06", "0300000000000000"},
	{"CHECK", "04 0100000000000000 0200000000000000 2f6d", "01"},
	{"COMPARE_SET, missing, something expected", "01 0200000000000000 2f6d 0100000000000000 78 0100000000000000 79", "0100000000000000 78"},
	{"COMPARE_SET, missing, nothing expected", "01 0200000000000000 2f6d 0000000000000000 0100000000000000 79", "0100000000000000 79"},
	{"COMPARE_SET, another one expected", "01 0200000000000000 2f6d 0100000000000000 71 0100000000000000 7a", "0100000000000000 79"},
	{"COMPARE_SET, as expected", "01 0200000000000000 2f6d 0100000000000000 79 0100000000000000 7a", "0100000000000000 7a"},
	{"DELETE_KEY", "08 0200000000000000 2f6d", "0100000000000000"},
	{"DELETE_KEY, missing", "08 0200000000000000 2f6d", "0000000000000000"},
	{"APPEND", "09 0200000000000000 2f61 0200000000000000 2121", ""},
	{"MULTI_SET", "0b 0100000000000000 0200000000000000 2f62 0100000000000000 31", ""},
	{"MULTI_GET", "0a 0200000000000000 0200000000000000 2f61 0200000000000000 2f62", "0500000000000000 78797a2121 0100000000000000 31"},
	{"CANCEL_WAIT", "0c", "01"},
}

func littleEndian(t *testing.T) {
	if order.Uint16([]byte{1, 0}) != binary.LittleEndian.Uint16([]byte{1, 0}) {
		t.Skip("needs a little-endian machine: the recorded bytes come from one")
	}
}

func TestBytes(t *testing.T) {
	littleEndian(t)
	for name, steps := range map[string][]step{"modern": modern, "legacy": legacy} {
		t.Run(name, func(t *testing.T) {
			w := dialWire(t, listen(t, Options{}))
			for _, s := range steps {
				w.send(s.send)
				w.expect(s.want)
				if t.Failed() {
					t.Fatal(s.what)
				}
			}
		})
		// One byte at a time, and all of it at once.
		t.Run(name+" in pieces", func(t *testing.T) {
			one, all := dialWire(t, listen(t, Options{})), dialWire(t, listen(t, Options{}))
			send, want := "", ""
			for _, s := range steps {
				send, want = send+s.send, want+s.want
			}
			for _, b := range unhex(t, send) {
				one.sendBytes([]byte{b})
			}
			all.send(send)
			one.expect(want)
			all.expect(want)
		})
	}
}

// The wait of another connection, the cancelled one, and the one that is over when
// it is cancelled: the ready byte comes first then.
func TestWaitBytes(t *testing.T) {
	littleEndian(t)
	s := listen(t, Options{})
	a, b := dialWire(t, s), dialWire(t, s)
	a.send(hello)
	b.send(hello)
	const (
		waitXY = "06 0200000000000000 0100000000000000 78 0100000000000000 79"
		setX   = "01 0100000000000000 78 0000000000000000"
		setY   = "01 0100000000000000 79 0000000000000000"
		delX   = "08 0100000000000000 78"
	)
	a.send(waitXY)
	s.awaitWaits(t, 2)
	b.send(setX + delX) // x counts from the moment it was there
	b.expect("0100000000000000")
	b.send(setY)
	a.expect("00")

	a.send("06 0100000000000000 0100000000000000 7a" + "0c")
	a.expect("01")
	b.send("01 0100000000000000 7a 0000000000000000")
	b.settled()
	a.settled() // no ready byte: the wait was cancelled
	b.send("08 0100000000000000 7a")
	b.expect("0100000000000000")

	for range 200 {
		a.send("06 0100000000000000 0100000000000000 7a")
		b.send("01 0100000000000000 7a 0000000000000000")
		a.send("0c")
		answer := make([]byte, 1)
		if _, err := a.Read(answer); err != nil {
			t.Fatal(err)
		}
		if answer[0] == replyReady {
			a.expect("01")
		}
		a.settled()
		b.send("08 0100000000000000 7a")
		b.expect("0100000000000000")
	}
}

// A 1.13 client whose wait has timed out goes on with the next query.
func TestLegacyTimedOutWait(t *testing.T) {
	littleEndian(t)
	s := listen(t, Options{})
	a, b := dialWire(t, s), dialWire(t, s)
	a.send("05 0100000000000000 0200000000000000 2f7a" + "06")
	a.expect("0000000000000000")
	b.send("00 0200000000000000 2f7a 0000000000000000" + "06")
	b.expect("0100000000000000")
	a.send("06")
	a.expect("0100000000000000")
}

// WATCH_KEY as torch 1.13's own test program and its server speak it.
func TestWatchBytes(t *testing.T) {
	littleEndian(t)
	s := listen(t, Options{})
	watcher, c := dialWire(t, s), dialWire(t, s)
	watcher.send("07 0200000000000000 2f6b")
	watcher.expect("03")
	const key = "0200000000000000 2f6b"
	c.send("00" + key + "0100000000000000 31")
	watcher.expect("01" + key + "0000000000000000 0100000000000000 31")
	c.send("03" + key + "0100000000000000")
	c.expect("0200000000000000")
	watcher.expect("00" + key + "0100000000000000 31 0100000000000000 32")
	c.send("01" + key + "0100000000000000 32 0100000000000000 33")
	c.expect("0100000000000000 33")
	watcher.expect("00" + key + "0100000000000000 32 0100000000000000 33")
	c.send("09" + key + "0100000000000000 34")
	watcher.expect("04" + key + "0000000000000000 0100000000000000 34")
	c.send("08" + key)
	c.expect("0100000000000000")
	watcher.expect("02" + key + "0200000000000000 3334 0000000000000000")
	// Other queries on the same connection keep their place.
	watcher.send("06")
	watcher.expect("0000000000000000")
	watcher.Close()
	c.send("00" + key + "0100000000000000 31" + "06")
	c.expect("0100000000000000")
}
