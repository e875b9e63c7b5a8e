//go:build !linux && !darwin

package pty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
)

var errUnsupported = fmt.Errorf("terminals on %s: %w", runtime.GOOS, errors.ErrUnsupported)

// Termios is nothing here.
type Termios struct{}

// Sane is nothing here.
func Sane() Termios { return Termios{} }

// TermiosOf always fails here.
func TermiosOf(*os.File) (Termios, error) { return Termios{}, errUnsupported }

func (Termios) apply(*os.File) error { return errUnsupported }

// SizeOf always fails here.
func SizeOf(*os.File) (Size, error) { return Size{}, errUnsupported }

func setSize(*os.File, Size) error { return errUnsupported }

func pollable(*os.File) (*os.File, error) { return nil, errUnsupported }

func openMaster() (*os.File, error) { return nil, errUnsupported }

func openSlave(*os.File) (*os.File, error) { return nil, errUnsupported }

func slavePath(*os.File) (string, error) { return "", errUnsupported }

// Number always fails here.
func (m *Master) Number() (int, error) { return -1, errUnsupported }

// CanonLimit is 0: nothing is known here.
func (m *Master) CanonLimit() int { return 0 }

// State always fails here.
func (m *Master) State() (State, error)     { return State{}, errUnsupported }
func (m *Master) LineState() (State, error) { return State{}, errUnsupported }

// Untaken always fails here.
func (m *Master) Untaken() (int, error) { return 0, errUnsupported }

// Waits always fails here.
func (m *Master) Waits() (bool, error) { return false, errUnsupported }

// Signal always fails here.
func (m *Master) Signal(syscall.Signal) error { return errUnsupported }

// OpenTTY always fails here.
func OpenTTY() (*os.File, error) { return nil, errUnsupported }

// Save always fails here.
func Save(*os.File) (Saved, error) { return Saved{}, errUnsupported }

// MakeRaw always fails here.
func MakeRaw(*os.File) error { return errUnsupported }

// Restore always fails here.
func (s Saved) Restore(*os.File) error { return errUnsupported }

// MarshalText always fails here.
func (s Saved) MarshalText() ([]byte, error) { return nil, errUnsupported }

// UnmarshalText always fails here.
func (s *Saved) UnmarshalText([]byte) error { return errUnsupported }

// Watch always fails here.
func Watch(io.Reader, func() *os.File, *Saved) error { return errUnsupported }

// Suspend always fails here.
func Suspend(_ context.Context, _ *os.File, saved Saved) (Saved, Size, error) {
	return saved, Size{}, errUnsupported
}

// WatchSize always fails here.
func WatchSize(*os.File) (*Sizes, Size, error) { return nil, Size{}, errUnsupported }
