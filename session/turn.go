package session

import (
	"context"
	"errors"
	"fmt"
)

// takeTurn waits until nobody else writes.
func (s *Session) takeTurn(ctx context.Context, source string) error {
	select {
	case <-s.exited:
		return ErrEnded
	default:
	}
	// Not left to chance below: with no time to write, the program would be said
	// not to read.
	if ctx.Err() != nil {
		return s.late(ctx, "waiting for its turn"+s.whoWrites())
	}
	for {
		select {
		case s.turn <- struct{}{}:
		case <-s.exited:
			return ErrEnded
		case <-ctx.Done():
			return s.late(ctx, "waiting for its turn"+s.whoWrites())
		}
		// A person may have taken the keyboard over.
		if s.mayWrite(source) {
			return nil
		}
		<-s.turn
		changed, leave := s.watch()
		if s.mayWrite(source) {
			leave()
			continue
		}
		select {
		case <-changed:
		case <-s.exited:
		case <-ctx.Done():
			leave()
			return s.late(ctx, "waiting for its turn"+s.whoWrites())
		}
		leave()
	}
}

func (s *Session) giveTurn() { <-s.turn }

// mayWrite tells whether somebody may write now. Answers of a terminal are
// nobody's turn.
func (s *Session) mayWrite(source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keyboard == nil || s.keyboard.source() == source
}

// hold names who has the turn for a whole batch.
func (s *Session) hold(source string) {
	s.mu.Lock()
	s.holder = source
	s.notify()
	s.mu.Unlock()
}

func (s *Session) whoWrites() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.keyboard != nil:
		return fmt.Sprintf(", while %s has taken the keyboard over", s.keyboard.source())
	case s.holder != "":
		return fmt.Sprintf(", while %s has the keyboard for itself", s.holder)
	}
	return ""
}

// late says what took too long.
func (s *Session) late(ctx context.Context, doing string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &RefusedError{Why: "timed out " + doing, Hint: "try again, or give it more time with --timeout"}
	}
	return ctx.Err()
}
