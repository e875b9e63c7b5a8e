//go:build linux

package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// fakeRun is a run's directory that the test writes: ranks 2 and 3 of host1.
type fakeRun struct {
	t    *testing.T
	dir  string
	done chan struct{}
	mu   sync.Mutex
	rec  runs.Record
}

func newRun(t *testing.T, a *agent) *fakeRun {
	t.Helper()
	r := &fakeRun{t: t, dir: t.TempDir(), done: make(chan struct{})}
	r.rec = runs.Record{ID: "a-bbbbbb", Dir: r.dir, RankBase: 2}
	r.start(0, 0, 2)
	r.start(0, 1, 3)
	a.run.Store(&Run{Dir: r.dir, Done: r.done, Record: func() runs.Record {
		r.mu.Lock()
		defer r.mu.Unlock()
		rec := r.rec
		rec.Workers = append([]runs.Worker(nil), rec.Workers...)
		return rec
	}})
	return r
}

// start begins a life.
func (r *fakeRun) start(life, local, rank int) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, runs.WorkerDir(life, local)), 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.write(life, local, "")
	r.mu.Lock()
	for len(r.rec.Workers) <= local {
		r.rec.Workers = append(r.rec.Workers, runs.Worker{})
	}
	r.rec.Workers[local] = runs.Worker{Outcome: job.Outcome{Rank: rank, LocalRank: local, Attempt: life, Kind: job.KindRunning}, Dir: runs.WorkerDir(life, local)}
	r.mu.Unlock()
	b, err := json.Marshal(job.Event{Type: job.EventWorkerStarted, Attempt: life, Rank: &rank, LocalRank: &local})
	if err != nil {
		r.t.Fatal(err)
	}
	r.append("events.jsonl", string(b)+"\n")
}

func (r *fakeRun) write(life, local int, text string) {
	r.t.Helper()
	r.append(filepath.Join(runs.WorkerDir(life, local), "stdout.log"), text)
}

func (r *fakeRun) append(name, text string) {
	r.t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

// tail reads a log in the background.
type tail struct {
	mu   sync.Mutex
	text strings.Builder
	done chan error
	last api.Log
}

func readLog(t *testing.T, a *agent, req api.Request) *tail {
	t.Helper()
	x := &tail{done: make(chan error, 1)}
	r, err := api.OpenLog(t.Context(), a.socket, req)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer r.Close()
		buf := make([]byte, 1000)
		life := r.Part().Attempt
		for {
			for r.Offset() < r.Part().Size {
				n, err := r.Read(buf)
				x.mu.Lock()
				x.text.Write(buf[:n])
				x.mu.Unlock()
				if err != nil {
					x.done <- err
					return
				}
			}
			x.last = r.Part()
			if err := r.Next(); err != nil {
				x.done <- err
				return
			}
			if r.Part().Attempt != life {
				life = r.Part().Attempt
				x.mu.Lock()
				fmt.Fprintf(&x.text, "[life %d]", life)
				x.mu.Unlock()
			}
		}
	}()
	return x
}

func (x *tail) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.String()
}

func (x *tail) end(t *testing.T) {
	t.Helper()
	select {
	case err := <-x.done:
		if err != io.EOF {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the log has no end")
	}
}

func TestLogs(t *testing.T) {
	_, all := machines(t, 2)
	r := newRun(t, all[1])
	text := strings.Repeat("0123456789abcde\n", 20_000) // several parts
	r.write(0, 1, text)
	ask := func(q api.LogRequest) string {
		t.Helper()
		if q.Stream == 0 {
			q.Stream = job.Stdout
		}
		x := readLog(t, all[0], api.Request{Via: "a1", Rank: 3, Log: &q})
		x.end(t)
		return x.String()
	}
	if got := ask(api.LogRequest{}); got != text {
		t.Errorf("%d bytes of %d", len(got), len(text))
	}
	if got := ask(api.LogRequest{Offset: int64(len(text)) - 5, Attempt: new(0)}); got != "bcde\n" {
		t.Errorf("%q", got)
	}
	if got := ask(api.LogRequest{Tail: new(2)}); got != text[:32] {
		t.Errorf("%q", got)
	}
	if got := ask(api.LogRequest{Tail: new(0), Attempt: new(-1)}); got != "" {
		t.Errorf("%q", got)
	}
	x := readLog(t, all[0], api.Request{Via: "a1", Rank: 3, Log: &api.LogRequest{Stream: job.Stderr}})
	if x.end(t); !x.last.Missing {
		t.Errorf("%+v", x.last)
	}
	for _, c := range []struct {
		rank int
		q    *api.LogRequest
		word string
	}{
		{5, &api.LogRequest{Stream: job.Stdout}, "no such rank"},
		{3, nil, "one of stderr"},
		{3, &api.LogRequest{Stream: job.StreamStdin}, "one of stderr"},
		{3, &api.LogRequest{Stream: job.Stdout, Offset: -1}, "negative"},
		{3, &api.LogRequest{Stream: job.Stdout, Offset: 1 << 30}, "past the end"},
	} {
		_, err := api.OpenLog(t.Context(), all[0].socket, api.Request{Via: "a1", Rank: c.rank, Log: c.q})
		var usage *job.UsageError
		if !errors.As(err, &usage) && c.rank != 3 || err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestLogsFollow(t *testing.T) {
	_, all := machines(t, 2)
	r := newRun(t, all[1])
	r.write(0, 1, "one\n")
	one := readLog(t, all[0], api.Request{Via: "a1", Rank: 3, Log: &api.LogRequest{Stream: job.Stdout, Follow: true}})
	lives := readLog(t, all[0], api.Request{Via: "a1", Rank: 3, Log: &api.LogRequest{Stream: job.Stdout, Follow: true, Later: true, Offset: 2}})
	other := readLog(t, all[0], api.Request{Via: "a1", Rank: 2, Log: &api.LogRequest{Stream: job.Stdout, Follow: true, Later: true}})
	r.write(0, 1, "two\n")
	eventually(t, "it is followed", func() bool { return one.String() == "one\ntwo\n" && lives.String() == "e\ntwo\n" })
	r.write(0, 1, "last")
	r.start(1, 1, 3)
	r.write(1, 1, "again\n")
	eventually(t, "the next life is followed", func() bool { return lives.String() == "e\ntwo\nlast[life 1]again\n" })
	r.start(1, 0, 7) // local rank 0 has another rank now
	other.end(t)
	if !other.last.Moved {
		t.Errorf("%+v", other.last)
	}
	r.write(1, 1, "end")
	close(r.done)
	one.end(t)
	lives.end(t)
	if one.String() != "one\ntwo\nlast" || lives.String() != "e\ntwo\nlast[life 1]again\nend" || !lives.last.End || lives.last.Moved {
		t.Errorf("%q, %q, %+v", one, lives, lives.last)
	}
}

// At the end of a node's part its logs are read to their ends, also if the run's
// record cannot be had any more.
func TestLogsAtTheEnd(t *testing.T) {
	_, all := machines(t, 2)
	r := newRun(t, all[1])
	if err := r.rec.Save(); err != nil {
		t.Fatal(err)
	}
	x := readLog(t, all[0], api.Request{Via: "a1", Rank: 3, Log: &api.LogRequest{Stream: job.Stdout, Follow: true, Later: true}})
	r.write(0, 1, strings.Repeat("x", 2<<20))
	all[1].peers.Close()
	x.end(t)
	if n := len(x.String()); n != 2<<20 || !x.last.End {
		t.Errorf("%d bytes, %+v", n, x.last)
	}
}

// Bytes come as they are taken, and no further; who hangs up ends it.
func TestLogsSlowReader(t *testing.T) {
	_, all := machines(t, 2)
	r := newRun(t, all[1])
	r.write(0, 1, strings.Repeat("0123456789abcdef", 1<<20)) // 16 MiB
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := api.OpenLog(ctx, all[0].socket, api.Request{Via: "a1", Rank: 3, Log: &api.LogRequest{Stream: job.Stdout, Follow: true}})
	if err != nil {
		t.Fatal(err)
	}
	got, buf := 0, make([]byte, 1<<20)
	for got < 3<<20 {
		n, err := l.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if got += n; n == 0 {
			if err := l.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.Close() // the machines of this test do not end before their streams have
}
