package stream

import (
	"context"
	"io"
)

// Reader reads on and waits where Read is at the end by now: for who takes a log as
// one stream of bytes. Its Read returns what Wait returns, or what Read does but io.EOF.
func (f *Follower) Reader(ctx context.Context) io.Reader { return followed{ctx, f} }

type followed struct {
	ctx context.Context
	f   *Follower
}

func (r followed) Read(p []byte) (int, error) {
	for {
		n, err := r.f.Read(p)
		if n > 0 || err != nil && err != io.EOF {
			return n, err
		}
		if err := r.f.Wait(r.ctx); err != nil {
			return 0, err
		}
	}
}
