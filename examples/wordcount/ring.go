package main

import (
	"fmt"
	"io"
)

// ring is a rank's two links: what it sends goes to the next rank, what it
// receives comes from the previous one.
type ring struct {
	gang
	toNext   io.WriteCloser
	fromPrev io.ReadCloser
}

func (r *ring) close() {
	if r.toNext != nil {
		r.toNext.Close()
		r.fromPrev.Close()
	}
}

// lostPeer is the error of a rank whose neighbour went away: a symptom of
// somebody else's failure.
type lostPeer struct {
	rank int
	err  error
}

func (e *lostPeer) Error() string { return fmt.Sprintf("lost rank %d: %v", e.rank, e.err) }
func (e *lostPeer) Unwrap() error { return e.err }

// allReduce adds the buckets of all ranks up, so that every rank ends with the
// sum. parts holds one bucket per rank.
//
// In the first size-1 steps (reduce-scatter) each bucket goes around the ring
// once and gathers every rank's part; rank r then owns the sum of bucket r+1. In
// the other size-1 steps (all-gather) the sums go around. Each rank sends
// 2(size-1)/size of its data in all, however many ranks there are.
func (r *ring) allReduce(parts []bucket) error {
	n := r.size
	at := func(i int) int { return ((r.rank+i)%n + n) % n }
	for step := range n - 1 {
		got, err := r.exchange(parts[at(-step)])
		if err != nil {
			return fmt.Errorf("reduce-scatter step %d of %d: %w", step+1, n-1, err)
		}
		i := at(-step - 1)
		parts[i] = merge(parts[i], got)
	}
	for step := range n - 1 {
		got, err := r.exchange(parts[at(1-step)])
		if err != nil {
			return fmt.Errorf("all-gather step %d of %d: %w", step+1, n-1, err)
		}
		parts[at(-step)] = got
	}
	return nil
}

// exchange sends b on and receives a bucket at the same time: if every rank
// sent first, a bucket larger than the socket buffers would stop the ring.
func (r *ring) exchange(b bucket) (bucket, error) {
	sent := make(chan error, 1)
	go func() { sent <- writeFrame(r.toNext, b.encode()) }()
	data, err := readFrame(r.fromPrev)
	if err != nil {
		// Nobody waits for the sender any more; close ends it.
		return nil, &lostPeer{r.prev(), err}
	}
	if err := <-sent; err != nil {
		return nil, &lostPeer{r.next(), err}
	}
	got, err := decodeBucket(data)
	if err != nil {
		return nil, fmt.Errorf("receiving from rank %d: %w", r.prev(), err)
	}
	return got, nil
}
