//go:build !linux && !darwin

package play

import (
	"context"

	"github.com/sluicerun/sluice/playback"
)

// run plays as to what is no terminal: here nobody knows how to take one.
func (o Options) run(ctx context.Context, src playback.Source) (Result, error) {
	return plain(ctx, src, o.Out, o)
}
