package watchdog

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"
)

// maxLine is the longest line, without its end. The client refuses more than
// PIPE_BUF, which is what a FIFO takes in one piece (pipe(7)).
const maxLine = 4096

// maxSignal is the highest real-time signal of Linux.
const maxSignal = 64

// key names a timer.
type key struct {
	pid   int
	scope string
}

// request is one line of a client.
type request struct {
	key
	release bool
	expires time.Time // unless it releases
	signal  syscall.Signal
}

// farFuture is about 100 years from now, in seconds since the epoch: what lies
// beyond means never, and must not overflow.
const farFuture = 5e9

// parseRequest reads a line. As in torch's server every field must be there.
func parseRequest(line []byte) (request, error) {
	var w struct {
		Version    *int     `json:"version"`
		PID        *int     `json:"pid"`
		Scope      *string  `json:"scope_id"`
		Expiration *float64 `json:"expiration_time"`
		Signal     *int     `json:"signal"`
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return request{}, fmt.Errorf("no timer request: %w", err)
	}
	switch {
	case w.Version == nil || w.PID == nil || w.Scope == nil || w.Expiration == nil || w.Signal == nil:
		return request{}, errors.New("no timer request: a field is missing (version, pid, scope_id, expiration_time, signal)")
	case *w.Version != 1:
		return request{}, fmt.Errorf("timer request of version %d, only 1 is known", *w.Version)
	case *w.PID <= 0 || *w.PID > math.MaxInt32:
		return request{}, fmt.Errorf("timer request of process %d, which cannot be", *w.PID)
	case *w.Signal > maxSignal:
		return request{}, fmt.Errorf("timer request with signal %d, the highest is %d", *w.Signal, maxSignal)
	}
	r := request{key: key{*w.PID, *w.Scope}, signal: syscall.Signal(max(*w.Signal, 0))}
	if *w.Expiration < 0 {
		r.release = true
		return r, nil
	}
	whole, part := math.Modf(min(*w.Expiration, farFuture))
	r.expires = time.Unix(int64(whole), int64(part*1e9))
	return r, nil
}
