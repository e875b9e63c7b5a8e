package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"path/filepath"
	"sync"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/stream"
)

// Run is what logs are read of.
type Run struct {
	Dir    string
	Record func() runs.Record
	Done   <-chan struct{} // closed when the run has ended
}

// logChunk is the most that one part of a log holds.
const logChunk = 64 << 10

// Logs answers an OpLogs on conn: the log is read as the asker takes it.
func (p *Peers) Logs(req api.Request, conn net.Conn, run Run) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	left := make(chan struct{})
	go func() {
		defer close(left)
		conn.Read(make([]byte, 1)) // the asker says nothing more; a read ends when it hangs up
		cancel()
	}()
	l := &logServer{run: run, conn: conn, req: req}
	if p != nil {
		l.ending = p.ending
	}
	if err := l.serve(ctx); err != nil && ctx.Err() == nil {
		resp := api.Response{Error: err.Error()}
		errors.As(err, &resp.Usage)
		api.Answer(conn, resp)
	}
	conn.Close()
	<-left
}

// logServer is one OpLogs.
type logServer struct {
	run    Run
	conn   net.Conn
	req    api.Request
	ending <-chan struct{} // nothing is written any more; nil: only Done tells
	w      *stream.Watcher // of one who follows
	lives  lives
}

func (l *logServer) serve(ctx context.Context) error {
	q := l.req.Log
	if q == nil || q.Stream != job.Stdout && q.Stream != job.Stderr {
		return &job.UsageError{Field: "stream", Why: "there is a log of stdout and one of stderr", Hint: `write "stdout"`}
	}
	if q.Offset < 0 {
		return &job.UsageError{Field: "since-offset", Value: fmt.Sprint(q.Offset), Why: "it is negative"}
	}
	var events *stream.Follower
	if q.Follow {
		var err error
		if l.w, err = stream.NewWatcher(); err != nil {
			return err
		}
		defer l.w.Close()
		// Before the record is asked: what comes after that is news.
		if events, err = l.events(); err != nil {
			return err
		}
		defer events.Close()
	}
	life, ok := l.find()
	if !ok {
		return &job.UsageError{Field: "RANK", Value: fmt.Sprint(l.req.Rank), Why: "there is no such rank here", Hint: "sluice ps shows them"}
	}
	if q.Attempt != nil && *q.Attempt >= 0 {
		life = *q.Attempt
	}
	from, err := l.begin(life)
	if errors.Is(err, fs.ErrNotExist) {
		return l.missing(life)
	}
	if err != nil {
		return err
	}
	if q.Follow {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		wg.Go(func() { l.untilEnd(ctx, events) })
		if q.Later {
			wg.Go(func() { l.lives.listen(ctx, events) })
		}
	}
	for {
		off, err := l.send(ctx, life, from)
		if err != nil {
			return err
		}
		next, more, moved := l.lives.next()
		if !q.Later || !more || moved {
			return l.head(api.Log{Attempt: life, From: off, Size: off, End: true, Moved: moved})
		}
		life, from = next, 0
	}
}

// events follows what happens in the run from now on.
func (l *logServer) events() (*stream.Follower, error) {
	end, err := stream.Size(l.run.Dir, eventsLog)
	if err != nil {
		return nil, err
	}
	return l.w.Follow(l.run.Dir, eventsLog, end)
}

// untilEnd has the reading end with the run.
func (l *logServer) untilEnd(ctx context.Context, events *stream.Follower) {
	select {
	case <-l.run.Done:
	case <-l.ending:
	case <-ctx.Done():
		return
	}
	events.Finish()
	l.lives.end()
}

const eventsLog = "events.jsonl"

// find finds out which local rank is meant, and its latest life.
func (l *logServer) find() (life int, ok bool) {
	rec := l.record()
	rec.AddUnlisted()
	for _, w := range rec.Workers {
		if w.Rank == l.req.Rank {
			l.lives.rank, l.lives.local, l.lives.latest = w.Rank, w.LocalRank, w.Attempt
			return w.Attempt, true
		}
	}
	return 0, false
}

// record is the run's; that on disk when the run is ending, since who writes it
// is waiting for us then.
func (l *logServer) record() runs.Record {
	got := make(chan runs.Record, 1)
	go func() { got <- l.run.Record() }()
	select {
	case r := <-got:
		return r
	case <-l.ending:
	}
	if r, err := runs.Load(l.run.Dir); err == nil {
		return *r
	}
	return runs.Record{Dir: l.run.Dir}
}

func (l *logServer) dir(life int) string {
	return filepath.Join(l.run.Dir, runs.WorkerDir(life, l.lives.local))
}

func (l *logServer) name() string { return l.req.Log.Stream.String() + ".log" }

// begin is where in a life's log to begin.
func (l *logServer) begin(life int) (int64, error) {
	q, dir := l.req.Log, l.dir(life)
	size, err := stream.Size(dir, l.name())
	switch {
	case err != nil:
		return 0, err
	case q.Tail != nil && *q.Tail >= 0:
		return stream.TailOffset(dir, l.name(), *q.Tail)
	case q.Offset > size && !q.Follow:
		return 0, &job.UsageError{Field: "since-offset", Value: fmt.Sprint(q.Offset),
			Why: fmt.Sprintf("it is past the end of the %v log of rank %d (%d bytes)", q.Stream, l.req.Rank, size)}
	}
	return q.Offset, nil
}

// missing answers that there is no such log.
func (l *logServer) missing(life int) error {
	if file, was := session.WereDeleted(l.dir(life)); was {
		return &job.UsageError{Field: "RANK", Value: fmt.Sprint(l.req.Rank),
			Why: "its logs were deleted, as they held what was not to be kept: the recording " + file + " has the rest"}
	}
	return l.head(api.Log{Attempt: life, End: true, Missing: true})
}

// send sends the log of one life to its end, or to the present one, and returns
// where that is.
func (l *logServer) send(ctx context.Context, life int, from int64) (int64, error) {
	dir := l.dir(life)
	end := int64(math.MaxInt64)
	var f *stream.Follower
	var err error
	if l.w != nil {
		f, err = l.w.Follow(dir, l.name(), from)
	} else if end, err = stream.Size(dir, l.name()); err == nil {
		f, err = stream.OpenFollower(dir, l.name(), from)
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	l.lives.reads(f, life)
	defer l.lives.reads(nil, life)
	buf := make([]byte, logChunk)
	for first, skipped := true, ""; ; {
		part := api.Log{Attempt: life, From: f.Offset(), Skipped: skipped}
		n, err := f.Read(buf[:max(0, min(logChunk, end-part.From))])
		var skip *stream.SkippedError
		switch {
		case errors.As(err, &skip):
			if skipped = skip.Error(); n == 0 {
				continue // the next part begins behind the gap
			}
		case err != nil && err != io.EOF:
			return 0, err
		case n > 0:
			skipped = ""
		}
		if n > 0 || first {
			// The first comes even if there is nothing: who asks waits for it.
			part.Size, first = part.From+int64(n), false
			if err := l.head(part); err != nil {
				return 0, err
			}
			if _, err := l.conn.Write(buf[:n]); err != nil {
				return 0, err
			}
			continue
		}
		if l.w == nil {
			return f.Offset(), nil
		}
		if err := f.Wait(ctx); err == io.EOF {
			return f.Offset(), nil
		} else if err != nil {
			return 0, err
		}
	}
}

func (l *logServer) head(part api.Log) error {
	b, err := json.Marshal(api.Response{Log: &part})
	if err != nil {
		return err
	}
	_, err = l.conn.Write(append(b, '\n'))
	return err
}
