package stream

import (
	"fmt"
	"time"

	"github.com/sluicerun/sluice/job"
)

// LogOptions says how a log behaves. The zero value is a log that grows forever
// and lets the worker wait when the disk is full.
type LogOptions struct {
	// Rotate bounds the log. Cuts are made at line ends; a line is never
	// split, so that a file with one longer than MaxSize outgrows it.
	Rotate job.Rotate

	// OnFull is what a pump does when the file cannot be written (no space, no
	// quota, I/O error).
	OnFull job.FullPolicy

	// OnEvent hears of log_rotated, log_full, log_resumed, log_dropped and
	// log_error. Time, Type, Bytes, Offset and Detail are set; whose log it is
	// the caller adds. It may be called from any goroutine and must not block.
	OnEvent func(job.Event)

	// NewDir tells that the directory was made for this run of the program:
	// Create need not look for what an older log left in it.
	NewDir bool

	// Direct tells that the worker itself writes the file, through WriterFile.
	Direct bool

	// OnGrow hears that a direct log grew, by n bytes. (For a spliced one see
	// PumpOptions.OnData.) It may be called from any goroutine, one call at a
	// time, and must not block.
	OnGrow func(n int64, at time.Time)

	// Watcher tells a direct log that its file grew. Many logs should share
	// one; nil lets the log have its own where it needs one, which is when
	// Rotate.MaxSize or OnGrow is set.
	Watcher *Watcher

	// CompressLimit, if set, is a semaphore: an archive is compressed while
	// one slot of it is held.
	CompressLimit chan struct{}
}

// PumpOptions says who hears of a pump's doings. The zero value works.
type PumpOptions struct {
	// OnData hears that n more bytes are in the log, and when they came. It is
	// called by the pump's goroutine and must not block.
	OnData func(n int64, at time.Time)

	// Limit, if set, is a semaphore shared by many pumps: bytes are moved while
	// one slot of it is held, because a thread is taken for that long.
	Limit chan struct{}

	// Manual leaves the moving to who fills the pipe, by Move: for one process
	// that does both, which is spared the way through the scheduler.
	Manual bool
}

// SkippedError tells that the bytes [From, To) of a log cannot be had any more:
// their archive was deleted (Rotate.Keep) or the file was removed or moved away
// while it was written. What follows begins at To. Where the worker cut its file
// back by itself, nobody knows how much is missing, and From equals To.
type SkippedError struct {
	Log      string // path of the log
	From, To int64
}

func (e *SkippedError) Error() string {
	if e.From == e.To {
		return fmt.Sprintf("reading %s: the file was cut back at offset %d: what it held there is gone", e.Log, e.From)
	}
	return fmt.Sprintf("reading %s: bytes %d to %d are gone: their archive was deleted, or the file was", e.Log, e.From, e.To)
}
