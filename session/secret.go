package session

import (
	"context"
	"errors"
	"time"

	"github.com/sluicerun/sluice/internal/pty"
)

// noEcho waits until nobody shows what is typed. A program that reads keys without
// an echo may show them itself: line editors do.
func (s *Session) noEcho(ctx context.Context, keys bool) error {
	for {
		st, err := s.master.LineState()
		if err != nil {
			return s.gone(err)
		}
		why := shows(st, keys)
		if why == "" {
			return nil
		}
		select {
		case <-time.After(echoLook):
		case <-s.exited:
			return ErrEnded
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &RefusedError{Why: why + ": the secret was not sent",
					Hint: "send it when the program asks for it; wait for its prompt first"}
			}
			return ctx.Err()
		}
	}
}

// shows says why a secret would be shown; empty: it would not.
func shows(st pty.State, keys bool) string {
	switch {
	case st.Echo:
		return "the terminal still shows what is typed"
	case !st.Canonical && !keys:
		return "the program reads keys and may show them itself"
	}
	return ""
}
