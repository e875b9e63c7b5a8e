package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
)

// tails sends the logs of a node as they grow.
type tails struct {
	ctx context.Context
	w   *Writer
	fs  *stream.Watcher // one for all logs: inotify instances are few

	mu    sync.Mutex
	logs  []*tail
	lives map[int][]*tail // by local rank, of its latest life
	ended bool
	wg    sync.WaitGroup
}

// tail is one log.
type tail struct {
	Open
	dir  string
	news *stream.Follower
	drop context.CancelFunc // nobody wants it any more
	ctx  context.Context

	mu     sync.Mutex
	credit int64
	more   chan struct{} // one token: credit has come
}

func newTails(ctx context.Context, w *Writer) (*tails, error) {
	fs, err := stream.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("following the logs: %w", err)
	}
	return &tails{ctx: ctx, w: w, fs: fs, lives: map[int][]*tail{}}, nil
}

// begin follows streams of a new life of a rank, whose files are in dir; those of its
// life before end where they are.
func (t *tails) begin(rank, local, attempt int, dir string, streams job.Std) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, old := range t.lives[local] {
		old.news.Finish()
	}
	t.lives[local] = nil
	for _, std := range []job.Stream{job.Stdout, job.Stderr} {
		if !streams.Has(std) {
			continue
		}
		l := &tail{Open: Open{Log: len(t.logs), Rank: rank, LocalRank: local, Attempt: attempt, Stream: std},
			dir: dir, credit: window, more: make(chan struct{}, 1)}
		l.ctx, l.drop = context.WithCancel(t.ctx)
		t.w.Message(Message{Open: &l.Open})
		var err error
		if l.news, err = t.fs.Follow(dir, std.String()+".log", 0); err != nil {
			t.w.Message(Message{Closed: &Closed{Log: l.Log, Error: err.Error()}})
			continue
		}
		if t.ended {
			l.news.Finish()
		}
		t.logs = append(t.logs, l)
		t.lives[local] = append(t.lives[local], l)
		t.wg.Go(func() { l.run(t.w) })
	}
}

// allow is an order of the starter.
func (t *tails) allow(c Credit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Log < 0 || c.Log >= len(t.logs) {
		return
	}
	l := t.logs[c.Log]
	if c.To < 0 {
		l.drop()
		return
	}
	l.mu.Lock()
	l.credit = max(l.credit, c.To)
	l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// finish sends what is left, as far as it is wanted.
func (t *tails) finish() {
	t.mu.Lock()
	t.ended = true
	for _, l := range t.logs {
		l.news.Finish()
	}
	t.mu.Unlock()
	t.wg.Wait()
	t.fs.Close()
}

func (l *tail) run(w *Writer) {
	defer l.drop()
	defer l.news.Close()
	err := l.send(w)
	c := Closed{Log: l.Log}
	if size, serr := stream.Size(l.dir, l.Stream.String()+".log"); serr == nil {
		c.Left = max(0, size-l.news.Offset())
	}
	if err != nil && l.ctx.Err() == nil {
		c.Error = err.Error()
	}
	w.Message(Message{Closed: &c})
}

// send sends the log to its end.
func (l *tail) send(w *Writer) error {
	buf := make([]byte, maxBytes)
	for sent := int64(0); ; {
		room := l.room(sent)
		if room <= 0 {
			select {
			case <-l.more:
			case <-l.ctx.Done():
				return l.ctx.Err()
			}
			continue
		}
		n, err := l.news.Read(buf[:min(room, int64(len(buf)))])
		if n > 0 {
			sent += int64(n)
			if err := w.Bytes(l.Log, buf[:n]); err != nil {
				return err
			}
		}
		var skipped *stream.SkippedError
		switch {
		case errors.As(err, &skipped): // --log-keep has deleted it: the log says so, too
		case err != nil && err != io.EOF:
			return err
		case n == 0:
			if err := l.news.Wait(l.ctx); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
		if l.ctx.Err() != nil {
			return l.ctx.Err()
		}
	}
}

func (l *tail) room(sent int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.credit - sent
}
