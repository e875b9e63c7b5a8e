package web

import (
	"context"

	"github.com/sluicerun/sluice/cast"
)

// Live is a session as it happens.
type Live interface {
	// Header is what is known of the session: its size at the begin, its colours.
	Header() cast.Header
	// Next waits for the next event; its Data is valid until the next call. The
	// error is io.EOF when the session has ended, and that of ctx when it is done.
	// One goroutine calls it.
	Next(ctx context.Context) (cast.Event, error)
}
