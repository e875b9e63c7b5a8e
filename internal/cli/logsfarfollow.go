package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/stream/console"
)

const (
	// farRetry is how long a log on another machine is asked for again when the
	// connection broke, and farPause the pause between.
	farRetry = 30 * time.Second
	farPause = 500 * time.Millisecond
	// farNews is how often nodes that have come, and ranks that have moved, are
	// looked for.
	farNews = 2 * time.Second
)

// farLogs follows the logs on other machines.
type farLogs struct {
	f     *following
	o     *logsOptions
	ranks job.RankSet
	busy  map[farKey]bool // that are followed, or were to their end
	left  chan farKey     // those that are not on their node any more
}

type farKey struct {
	node string
	rank int
	std  job.Stream
}

// run follows logs, and those of nodes that come, until the run has ended.
func (x *farLogs) run(ctx context.Context, logs []logFile) {
	for _, l := range logs {
		x.begin(ctx, l, x.o.tail)
	}
	tick := time.NewTicker(farNews)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.f.ended:
			return
		case key := <-x.left:
			delete(x.busy, key)
		case <-tick.C:
			v := across(ctx, x.f.rec)
			now, err := x.o.elsewhere(v, x.ranks)
			if err != nil {
				continue
			}
			for _, l := range now {
				if l.from = 0; !x.busy[l.key()] {
					x.begin(ctx, l, -1)
				}
			}
		}
	}
}

func (l logFile) key() farKey { return farKey{l.node.Via, l.rank, l.std} }

// begin follows one more log.
func (x *farLogs) begin(ctx context.Context, l logFile, tail int) {
	x.busy[l.key()] = true
	x.f.wg.Go(func() {
		if !(&farLog{farLogs: x, logFile: l, tail: tail}).follow(ctx) {
			return
		}
		select {
		case x.left <- l.key():
		case <-ctx.Done():
		case <-x.f.ended:
		}
	})
}

// farLog is the log of one rank on another machine.
type farLog struct {
	*farLogs
	logFile
	tail int

	in     *console.Input // of the present life; nil before the first
	window *window
	life   int
	off    int64     // of the next byte
	broke  time.Time // when the connection did; zero while it holds
}

// errMoved is that the rank is on another node now.
var errMoved = errors.New("the rank is on another machine now")

// follow shows the log to its end, and tells whether the rank is elsewhere now.
func (l *farLog) follow(ctx context.Context) (moved bool) {
	defer func() {
		if l.in != nil {
			l.in.Done()
		}
	}()
	for {
		err := l.read(ctx)
		var usage *job.UsageError
		switch {
		case ctx.Err() != nil, err == nil:
			return false
		case errors.Is(err, errMoved), errors.As(err, &usage) && usage.Field == "RANK":
			return true
		case usage != nil:
			l.f.fail(err)
			return false
		case l.over():
			l.f.fail(fmt.Errorf("the %v log of rank %d was not shown from byte %d on: the run ended here before all of it was read from host %s", l.std, l.rank, l.off, l.node.Host))
			return false
		case l.broke.IsZero():
			l.broke = time.Now()
			fmt.Fprintf(l.f.warn, "sluice: the %v log of rank %d: %v; trying again for %v\n", l.std, l.rank, err, farRetry)
		case time.Since(l.broke) > farRetry:
			l.f.fail(fmt.Errorf("gave up the %v log of rank %d at byte %d: %w", l.std, l.rank, l.off, err))
			return false
		}
		t := time.NewTimer(farPause)
		select {
		case <-t.C:
		case <-ctx.Done():
		case <-l.f.ended:
		}
		t.Stop()
	}
}

// over tells that the run has ended here.
func (l *farLog) over() bool {
	select {
	case <-l.f.ended:
		return true
	default:
		return false
	}
}

// read reads on until the end, or until the connection breaks.
func (l *farLog) read(ctx context.Context) error {
	req := l.request()
	req.Log.Follow, req.Log.Later = true, l.o.attempt < 0
	if l.in != nil {
		req.Log.Attempt, req.Log.Offset = &l.life, l.off
	} else if l.tail >= 0 {
		req.Log.Tail = &l.tail
	}
	r, err := api.OpenLog(ctx, l.node.Socket, req)
	if err != nil {
		return err
	}
	defer r.Close()
	if !l.broke.IsZero() {
		fmt.Fprintf(l.f.warn, "sluice: the %v log of rank %d goes on at byte %d\n", l.std, l.rank, l.off)
		l.broke = time.Time{}
	}
	buf := make([]byte, 32<<10)
	for {
		part := r.Part()
		if part.Missing {
			return nil
		}
		if part.Skipped != "" {
			fmt.Fprintln(l.f.warn, "sluice:", part.Skipped)
		}
		l.begins(part)
		for r.Offset() < part.Size {
			n, err := r.Read(buf)
			if err != nil {
				return l.cutAt(err, l.off)
			}
			if err := l.window.put(ctx, buf[:n]); err != nil {
				return err
			}
			l.off = r.Offset()
			l.in.Grew()
		}
		if part.Moved {
			return errMoved
		}
		if err := r.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return l.cutAt(err, l.off)
		}
	}
}

// begins has the console show the life that a part is of.
func (l *farLog) begins(part api.Log) {
	if l.in != nil && l.life == part.Attempt {
		l.off = part.From
		return
	}
	if l.in != nil {
		l.in.Done()
	}
	l.life, l.off, l.window = part.Attempt, part.From, newWindow()
	l.in = l.f.c.Add(job.Fields{Rank: l.rank, LocalRank: l.local, Attempt: l.life,
		Role: l.f.rec.Spec.Role, Host: l.node.Host, Stream: l.std}, l.window)
}
