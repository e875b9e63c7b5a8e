package tcpstore

import (
	"errors"
	"sync/atomic"
)

// entryCost is what a key takes in our maps beside its bytes.
const entryCost = 128

// errFull ends the connection that would have exceeded Options.MaxBytes.
var errFull = errors.New("the store is full")

// budget counts the bytes that peers make us keep.
type budget struct {
	used atomic.Int64
	max  int64
}

func (b *budget) take(n int64) error {
	if b.used.Add(n) > b.max {
		b.used.Add(-n)
		return errFull
	}
	return nil
}

func (b *budget) give(n int64) { b.used.Add(-n) }
