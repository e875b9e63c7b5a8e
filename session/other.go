//go:build !linux

package session

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
)

// Start is for Linux: the logs of sessions are moved by its splice(2).
func Start(context.Context, Command) (*Session, error) {
	return nil, fmt.Errorf("starting a session: not possible on %s yet", runtime.GOOS)
}

// Signal sends a signal to the foreground of the terminal.
func (s *Session) Signal(syscall.Signal) error { return ErrEnded }

type program struct{}

func (*program) end(*Session) {}

func (s *Session) pump() { close(s.pumped) }
func (s *Session) goOn() {}
