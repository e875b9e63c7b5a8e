//go:build !linux

package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

var errSystem = fmt.Errorf("logs need splice(2), which %s does not have: %w", runtime.GOOS, errors.ErrUnsupported)

// A Watcher needs Linux.
type Watcher struct{}

// NewWatcher returns an error outside Linux.
func NewWatcher() (*Watcher, error) { return nil, errSystem }

// Close does nothing outside Linux.
func (w *Watcher) Close() error { return nil }

// Follow returns an error outside Linux.
func (w *Watcher) Follow(dir, name string, off int64) (*Follower, error) { return nil, errSystem }

// A Log needs Linux.
type Log struct{}

// Create returns an error outside Linux.
func Create(dir, name string, opt LogOptions) (*Log, error) { return nil, errSystem }

// CreateTemp returns an error outside Linux.
func CreateTemp(opt LogOptions) (*Log, error) { return nil, errSystem }

// Open returns an error outside Linux.
func Open(dir, name string, opt LogOptions) (*Log, error) { return nil, errSystem }

// WriterFile returns an error outside Linux.
func (l *Log) WriterFile() (*os.File, error) { return nil, errSystem }

// Size is 0 outside Linux.
func (l *Log) Size() int64 { return 0 }

// Base is 0 outside Linux.
func (l *Log) Base() int64 { return 0 }

// Dropped is 0 outside Linux.
func (l *Log) Dropped() int64 { return 0 }

// ReadAt returns an error outside Linux.
func (l *Log) ReadAt(p []byte, off int64) (int, error) { return 0, errSystem }

// Close does nothing outside Linux.
func (l *Log) Close() error { return nil }

// A Pump needs Linux.
type Pump struct{ done chan struct{} }

// StartPump returns a pump that has ended outside Linux.
func StartPump(r *os.File, l *Log, opt PumpOptions) *Pump {
	p := &Pump{done: make(chan struct{})}
	close(p.done)
	return p
}

// Done is closed.
func (p *Pump) Done() <-chan struct{} { return p.done }

// Drain does nothing outside Linux.
func (p *Pump) Drain() {}

// Move does nothing outside Linux.
func (p *Pump) Move() bool { return false }

// Dropped is 0 outside Linux.
func (p *Pump) Dropped() int64 { return 0 }

// DrainTo returns an error outside Linux.
func DrainTo(r *os.File, dir, name string) (int64, error) { return 0, errSystem }

// A Follower needs Linux.
type Follower struct{}

// OpenFollower returns an error outside Linux.
func OpenFollower(dir, name string, off int64) (*Follower, error) { return nil, errSystem }

// Read returns an error outside Linux.
func (f *Follower) Read(p []byte) (int, error) { return 0, errSystem }

// Wait returns an error outside Linux.
func (f *Follower) Wait(ctx context.Context) error { return errSystem }

// Offset is 0 outside Linux.
func (f *Follower) Offset() int64 { return 0 }

// Finish does nothing outside Linux.
func (f *Follower) Finish() {}

// Close does nothing outside Linux.
func (f *Follower) Close() error { return nil }

// Size returns an error outside Linux.
func Size(dir, name string) (int64, error) { return 0, errSystem }

// TailOffset returns an error outside Linux.
func TailOffset(dir, name string, lines int) (int64, error) { return 0, errSystem }
