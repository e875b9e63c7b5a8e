package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/stream/console"
)

// following is one `sluice logs -f`.
type following struct {
	rec   *runs.Record
	warn  io.Writer
	c     *console.Console
	w     *stream.Watcher // one for all logs: inotify instances are few
	ended chan struct{}   // closed when the run has ended

	wg  sync.WaitGroup
	mu  sync.Mutex
	err error // the first
}

// followAll shows the logs as they grow until the run has ended, or until
// nobody reads what is shown.
func (o *logsOptions) followAll(ctx context.Context, a *app, v *view, ranks job.RankSet, files, far []logFile) error {
	rec := v.here
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	fd := int(os.Stdout.Fd())
	go func() {
		untilUnread(fd) // ends with the process
		cancel()
	}()
	tty := term.IsTerminal(fd)
	workers := 1
	if o.prefixed(inRanks(files, far)) {
		workers = max(v.size(), 2)
	}
	sink := console.NewFDSink(fd)
	f := &following{rec: rec, warn: a.stderr, ended: make(chan struct{})}
	// A pager may rest for as long as it likes.
	f.c = console.New(console.Config{Out: sink, Err: sink, Workers: workers, Host: rec.Host, Role: rec.Spec.Role,
		Spec: job.Console{Linger: job.Forever, Dedup: o.dedup}, TTY: tty, ErrTTY: tty, Color: console.ColorEnabled(os.Getenv, tty)})
	var err error
	if f.w, err = stream.NewWatcher(); err != nil {
		return err
	}
	defer f.w.Close()
	go func() {
		waitEnd(ctx, rec)
		close(f.ended)
	}()
	known := map[int]int{}
	for _, l := range files {
		known[l.rank] = max(known[l.rank], l.attempt)
		f.wg.Go(func() { f.log(ctx, l) })
	}
	if rec.Spec.Nodes.Elastic() && rec.State != runs.Ended {
		x := &farLogs{f: f, o: o, ranks: ranks, busy: map[farKey]bool{}, left: make(chan farKey)}
		f.wg.Go(func() { x.run(ctx, far) })
	}
	if o.attempt < 0 {
		f.wg.Go(func() { f.attempts(ctx, o, ranks, known) })
	}
	f.wg.Wait()
	stats := f.c.Finish(ctx)
	if stats.Failed != nil {
		f.fail(stats.Failed)
	}
	if lost := stats.Unshown; lost > 0 && f.err == nil && ctx.Err() == nil {
		f.fail(fmt.Errorf("%d bytes were not shown: their archives were deleted (--log-keep) before they were read", lost))
	}
	cancel()
	<-f.ended
	return f.err
}

// untilUnread returns when the reader of a pipe, or a terminal, has gone.
func untilUnread(fd int) {
	p := []unix.PollFd{{Fd: int32(fd)}} // errors are told without being asked for
	for {
		if _, err := unix.Poll(p, -1); err != nil && !errors.Is(err, unix.EINTR) || p[0].Revents != 0 {
			return
		}
	}
}

func (f *following) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

// follow opens a follower that finishes with the run.
func (f *following) follow(dir, name string, from int64) (*stream.Follower, func(), error) {
	l, err := f.w.Follow(dir, name, from)
	if err != nil {
		return nil, nil, err
	}
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-f.ended:
			l.Finish()
		case <-stop:
		}
	}()
	return l, func() { close(stop); <-stopped; l.Close() }, nil
}

// log shows one log.
func (f *following) log(ctx context.Context, l logFile) {
	r, err := stream.OpenReader(l.dir, l.name())
	if err != nil {
		f.fail(err)
		return
	}
	news, done, err := f.follow(l.dir, l.name(), l.from)
	if err != nil {
		r.Close()
		f.fail(err)
		return
	}
	defer done()
	// The console reads for itself; this only finds out that there is more.
	scratch := make([]byte, 64<<10)
	n, err := news.Read(scratch)
	var skipped *stream.SkippedError
	if errors.As(err, &skipped) {
		fmt.Fprintln(f.warn, "sluice:", skipped)
		l.from = skipped.To
	}
	in := f.c.Add(job.Fields{Rank: l.rank, LocalRank: l.local, Attempt: l.attempt,
		Role: f.rec.Spec.Role, Host: f.rec.Host, Stream: l.std}, offsetSource{r, l.from})
	defer in.Done()
	for {
		if n > 0 {
			in.Grew()
		}
		if err != nil && err != io.EOF && !errors.As(err, &skipped) {
			f.fail(err)
			return
		}
		if n == 0 && news.Wait(ctx) != nil {
			return // the run has ended, or we were interrupted
		}
		n, err = news.Read(scratch)
	}
}

// attempts follows the logs of the lives that ranks begin from now on: a gang,
// or a worker, that is restarted.
func (f *following) attempts(ctx context.Context, o *logsOptions, ranks job.RankSet, known map[int]int) {
	events, done, err := f.follow(f.rec.Dir, "events.jsonl", 0)
	if err != nil {
		f.fail(err)
		return
	}
	defer done()
	lines := bufio.NewReader(events.Reader(ctx))
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e job.Event
		if json.Unmarshal(line, &e) != nil || e.Type != job.EventWorkerStarted || e.Rank == nil {
			continue
		}
		last, ok := known[*e.Rank]
		if ok && e.Attempt <= last || !ok && !ranks.IsZero() && !ranks.Contains(*e.Rank) {
			continue
		}
		known[*e.Rank] = e.Attempt
		streams, _ := o.streams() // checked before
		for _, s := range streams {
			local := *e.Rank
			if e.LocalRank != nil {
				local = *e.LocalRank
			}
			l := logFile{rank: *e.Rank, local: local, attempt: e.Attempt, std: s, dir: filepath.Join(f.rec.Dir, runs.WorkerDir(e.Attempt, local))}
			if _, err := stream.Size(l.dir, l.name()); err == nil {
				f.wg.Go(func() { f.log(ctx, l) })
			}
		}
	}
}
