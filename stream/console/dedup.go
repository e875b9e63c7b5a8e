package console

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"github.com/sluicerun/sluice/job"
)

const (
	dedupWindow  = 100 * time.Millisecond
	dedupLine    = 4 << 10   // longer lines are not compared
	dedupEntries = 4096      // held at a time
	dedupBytes   = 256 << 10 // ... and their text
	dedupLook    = 64        // of one key are looked at for a line
)

// dedup holds the lane's lines for a moment, in the order in which they first
// came, to show a line that many ranks write once.
//
// A line joins an entry with the same text, else one that differs in numbers
// only, but never one that lies before the last entry its input is part of.
// Hence a rank that repeats a line gets an entry for each time, and every rank's
// lines keep their order.
type dedup struct {
	on    bool
	queue []*dedupEntry // by seq
	head  int
	byKey map[uint64][]*dedupEntry // those that can be joined, by seq
	seq   uint64
	bytes int
	free  []*dedupEntry
}

type dedupEntry struct {
	seq     uint64
	hash    uint64 // 0: cannot be joined
	at      time.Time
	stream  job.Stream
	text    []byte // the first rank's
	key     []byte // text without its numbers
	differs bool
	members []dedupMember
}

type dedupMember struct {
	in *Input
	n  int64
}

func (d *dedup) len() int   { return len(d.queue) - d.head }
func (d *dedup) full() bool { return d.len() >= dedupEntries || d.bytes >= dedupBytes }

// add takes a line (without its newline) that stands for n bytes of in's log.
func (d *dedup) add(seed maphash.Seed, in *Input, line []byte, n int64, now time.Time) {
	var e *dedupEntry
	if k := len(d.free); k > 0 {
		e, d.free = d.free[k-1], d.free[:k-1]
	} else {
		e = &dedupEntry{}
	}
	var names bool
	e.key, names = mask(e.key[:0], line)
	e.hash = 0
	if names {
		e.hash = maphash.Bytes(seed, e.key) | 1
		if old := d.find(e, in, line); old != nil {
			d.free = append(d.free, e)
			old.differs = old.differs || !bytes.Equal(old.text, line)
			old.members = append(old.members, dedupMember{in, n})
			in.lastSeq = old.seq
			return
		}
	}
	d.seq++
	e.seq, e.at, e.stream, e.differs = d.seq, now, in.fields.Stream, false
	e.text = append(e.text[:0], line...)
	e.members = append(e.members[:0], dedupMember{in, n})
	in.lastSeq = e.seq
	d.bytes += len(line)
	d.queue = append(d.queue, e)
	if e.hash != 0 {
		if d.byKey == nil {
			d.byKey = map[uint64][]*dedupEntry{}
		}
		d.byKey[e.hash] = append(d.byKey[e.hash], e)
	}
}

// find returns the entry that a line like e joins, or nil.
func (d *dedup) find(e *dedupEntry, in *Input, line []byte) (found *dedupEntry) {
	chain := d.byKey[e.hash]
	first, _ := slices.BinarySearchFunc(chain, in.lastSeq+1, func(x *dedupEntry, seq uint64) int { return cmp.Compare(x.seq, seq) })
	for _, old := range chain[first:min(first+dedupLook, len(chain))] {
		if old.stream != in.fields.Stream || !bytes.Equal(old.key, e.key) {
			continue
		}
		if bytes.Equal(old.text, line) {
			return old
		}
		if found == nil {
			found = old
		}
	}
	return found
}

// pop takes the first entry out; give it back with drop.
func (d *dedup) pop() *dedupEntry {
	e := d.queue[d.head]
	d.queue[d.head] = nil
	if d.head++; d.head == len(d.queue) {
		d.queue, d.head = d.queue[:0], 0
	} else if d.head >= dedupEntries {
		d.queue = slices.Delete(d.queue, 0, d.head)
		d.head = 0
	}
	d.bytes -= len(e.text)
	if e.hash != 0 {
		// Entries of a key come and go in order: it is the first.
		if rest := d.byKey[e.hash][1:]; len(rest) > 0 {
			d.byKey[e.hash] = rest
		} else {
			delete(d.byKey, e.hash)
		}
	}
	return e
}

func (d *dedup) drop(e *dedupEntry) {
	clear(e.members)
	e.members = e.members[:0]
	if len(d.free) < 256 {
		d.free = append(d.free, e)
	}
}

// lose books everything held as lost.
func (d *dedup) lose(lose func(*tally, int64)) {
	for d.len() > 0 {
		e := d.pop()
		for _, x := range e.members {
			lose(x.in.tally, x.n)
		}
		d.drop(e)
	}
}
