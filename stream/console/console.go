package console

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicerun/sluice/job"
)

// Source is a log as the console sees it: logical offsets, append-only.
// Both methods are called by the console's goroutine only.
type Source interface {
	// ReadAt reads as io.ReaderAt does. Fewer bytes than asked for are fine.
	ReadAt(p []byte, off int64) (int, error)
	// Size is the offset behind the last byte of the log.
	Size() int64
}

// A Source that is an io.Closer as well is closed once its input is Done and
// shown; not if the console ends before that. Close must not block.

// Progress says what becomes of lines that are rewritten with \r.
const (
	ProgressAuto     = "auto"     // live where the screen is a terminal, else collapse
	ProgressLive     = "live"     // a live area below the lines; needs a terminal, else collapse
	ProgressCollapse = "collapse" // the last state only
	ProgressRaw      = "raw"      // no interpretation
)

// Config says what a console shows and where. Its zero value shows nothing.
type Config struct {
	// Out and Err receive the lines of the workers' stdout and stderr. A nil
	// one drops that stream from the console. If both are the same terminal,
	// pipe or file, the two are shown in one order of lines.
	Out, Err Sink
	// Spec is what to show, and how.
	Spec job.Console
	// Workers is the size of the gang; 0 means 1. Host and Role fill the
	// prefix of an input whose own fields do not have them.
	Workers    int
	Host, Role string
	// Color allows the console's own colours on Out, ErrColor on Err; see
	// ColorEnabled. Color is enough if they are the same one.
	Color, ErrColor bool
	// TTY and ErrTTY tell that Out and Err are terminals. TTY is enough if they
	// are the same one.
	TTY, ErrTTY bool
	// Width and Height are the terminal's size; nil or 0 means unknown (80×24).
	Width, Height func() int
	// Progress is one of the Progress words; empty means auto.
	Progress string
	// TellUnread ends with a note on Err if some of a log could not be read.
	TellUnread bool
	// OnEvent hears of sinks that closed, failed or are slow. It is called on
	// the console's goroutine: it must return soon and not call the Console.
	OnEvent func(job.Event)
}

// Console merges logs into the launcher's output. Make one with New and end it
// with Finish. All methods may be called from any goroutine.
type Console struct {
	ready  atomic.Pointer[Input] // inputs that grew, newest first
	wake   chan struct{}         // one token: something is there for the merger
	moved  atomic.Int64          // when a sink last took bytes, unix ns
	paused atomic.Bool

	mu    sync.Mutex
	cmds  []func() // run by the merger, in order
	notes noteQueue
	ended bool // the merger takes no more commands

	m       *merger       // owned by the merger's goroutine
	stopped chan struct{} // closed by the merger at its end

	finish sync.Once
	stats  Stats
}

// New starts a console. It ends with Finish.
func New(cfg Config) *Console {
	c := &Console{
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	c.touch()
	c.m = newMerger(c, cfg)
	go c.m.run()
	return c
}

// Add makes the log of one stream of one worker part of the console, from its
// first byte. f gives the rank, local rank, stream, attempt, role and host.
func (c *Console) Add(f job.Fields, src Source) *Input {
	in := &Input{c: c, src: src, fields: f}
	in.Grew() // the merger takes it in the first time it looks at it
	return in
}

// SetShow changes the ranks that are shown; the zero set shows all. Ranks that
// are switched on start from the present end of their logs.
func (c *Console) SetShow(s job.RankSet) {
	c.call(func() { c.m.setShow(s) })
}

// SetSinks changes where the output goes: a launcher left (nil, nil) or came.
// What the old sinks have not taken is not shown again. While a stream has no
// sink the console keeps no position for it; it goes on from the end that the
// log has when the new sink comes. Whether a new sink is a terminal is asked of
// it if it is an *FDSink, else Config.TTY and ErrTTY stand.
//
// When it returns, the old sinks are not used any more, unless one is stuck in
// a write that cannot be interrupted (a Sink that is not an *FDSink).
func (c *Console) SetSinks(out, err Sink) {
	c.call(func() { c.m.setSinks(out, err) })
}

// SetColor switches the console's own colours.
func (c *Console) SetColor(on bool) {
	c.call(func() { c.m.setColor(on) })
}

// Pause takes the live area off the screen and stops all output until Resume:
// the launcher is being suspended. It returns when the writes under way are
// done, or after 200 ms. The logs go on; nothing is lost.
func (c *Console) Pause() {
	quiet := make(chan struct{})
	if !c.call(func() { c.m.pause(quiet) }) {
		return
	}
	t := time.NewTimer(pauseWait)
	defer t.Stop()
	select {
	case <-quiet:
	case <-c.stopped:
	case <-t.C:
	}
}

// Resume undoes Pause.
func (c *Console) Resume() {
	c.call(func() { c.m.resume() })
}

// Note shows a line of sluice's own on Err, whole and between lines, after the
// output that the console knows of. text has no newline at its end; newlines in
// it make several lines. It never blocks. Notes that pile up in front of a
// stuck sink are dropped and counted. False means the console has ended, and
// nobody will see the text here.
func (c *Console) Note(text string) bool {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false
	}
	c.notes.add(text)
	c.mu.Unlock()
	c.poke()
	return true
}

// poke wakes the merger, or makes its next wait return at once.
func (c *Console) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// touch notes that a sink has just taken bytes.
func (c *Console) touch() { c.moved.Store(time.Now().UnixNano()) }

// post has the merger run f; false means the console has ended.
func (c *Console) post(f func()) bool {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false
	}
	c.cmds = append(c.cmds, f)
	c.mu.Unlock()
	c.poke()
	return true
}

// call is post that waits until f has run. The merger never blocks, so the wait
// is short.
func (c *Console) call(f func()) bool {
	done := make(chan struct{})
	if !c.post(func() { f(); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-c.stopped:
		return false
	}
}
