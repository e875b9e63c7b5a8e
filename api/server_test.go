package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a Control.
type answers func(Request, []*os.File, <-chan struct{}) Response

func (a answers) Do(req Request, files []*os.File, gone <-chan struct{}) Response {
	return a(req, files, gone)
}

func (a answers) Stream(req Request, conn net.Conn) {
	Answer(conn, a(req, nil, nil))
}

func listen(t *testing.T, a answers) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "api") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path, err := SocketPath(dir, "run-abcdef")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(path, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAsk(t *testing.T) {
	set, err := job.ParseRankSet("0-3")
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, func(req Request, files []*os.File, _ <-chan struct{}) Response {
		for _, f := range files {
			io.WriteString(f, "hello")
			f.Close()
		}
		switch req.Op {
		case OpStatus:
			return Response{Record: &runs.Record{ID: "run-abcdef"}}
		case OpSignal:
			return Response{Ranks: req.Ranks.String() + " " + req.Signal.String()}
		case OpEOF:
			return Response{Error: "no FIFO"}
		}
		return Response{Error: "bad set", Usage: &job.UsageError{Field: "console", Why: "bad set"}}
	})
	ctx := context.Background()
	if r, err := Ask(ctx, s.Path(), Request{Op: OpStatus}); err != nil || r.Record.ID != "run-abcdef" {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := Ask(ctx, s.Path(), Request{Op: OpSignal, Ranks: set, Signal: job.SIGUSR1}); err != nil || r.Ranks != "0-3 SIGUSR1" {
		t.Errorf("%+v %v", r, err)
	}
	var usage *job.UsageError
	if _, err := Ask(ctx, s.Path(), Request{Op: OpEOF}); err == nil || err.Error() != "no FIFO" || errors.As(err, &usage) {
		t.Errorf("%v", err)
	}
	if _, err := Ask(ctx, s.Path(), Request{Op: OpConsole}); !errors.As(err, &usage) || !strings.Contains(err.Error(), "bad set") {
		t.Errorf("%v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = Ask(ctx, s.Path(), Request{Op: OpStatus}, w)
	w.Close()
	if got, _ := io.ReadAll(r); err != nil || string(got) != "hello" {
		t.Errorf("what came through the passed descriptor: %q, %v", got, err)
	}
	path := s.Path()
	s.Close()
	if _, err := Ask(ctx, path, Request{Op: OpStatus}); !errors.Is(err, ErrNoAgent) {
		t.Errorf("after Close: %v", err)
	}
}

// Who waits is let go when the asker leaves, and hears of the run's end.
func TestWaiting(t *testing.T) {
	left, asked, end := make(chan struct{}), make(chan struct{}, 2), make(chan struct{})
	s := listen(t, func(_ Request, _ []*os.File, gone <-chan struct{}) Response {
		asked <- struct{}{}
		select {
		case <-gone:
			close(left)
		case <-end:
		}
		return Response{Ranks: "ended"}
	})
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := Ask(ctx, s.Path(), Request{Op: OpWait})
		failed <- err
	}()
	<-asked
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-left
	got := make(chan Response, 1)
	go func() {
		r, _ := Ask(context.Background(), s.Path(), Request{Op: OpWait})
		got <- r
	}()
	<-asked
	closed := make(chan struct{})
	go func() { close(end); s.Close(); close(closed) }()
	if r := <-got; r.Ranks != "ended" {
		t.Errorf("%+v", r)
	}
	<-closed
}

// Who gives up has learned nothing of the run: least of all that it has ended.
func TestGivingUp(t *testing.T) {
	asked, end := make(chan struct{}, 1), make(chan struct{})
	s := listen(t, func(Request, []*os.File, <-chan struct{}) Response {
		asked <- struct{}{}
		<-end
		return Response{}
	})
	defer close(end)
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := Attach(ctx, s.Path(), Request{})
		failed <- err
	}()
	<-asked
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoAgent) {
		t.Errorf("while it waits for the answer: %v", err)
	}
	if _, err := Ask(ctx, s.Path(), Request{Op: OpStatus}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoAgent) {
		t.Errorf("before it asks: %v", err)
	}
}

// What is no request gets an answer, and does not reach the run.
func TestNonsense(t *testing.T) {
	s := listen(t, func(Request, []*os.File, <-chan struct{}) Response {
		t.Error("it was asked")
		return Response{}
	})
	for text, word := range map[string]string{
		"hello\n":                                 "invalid character",
		`{"op":"fly"}` + "\n":                     `no op "fly"`,
		`{"op":"stop","ranks":"x"}` + "\n":        "rank set",
		"{}\n":                                    `no op ""`,
		strings.Repeat("x", maxRequest+5000):      "longer than",
		`{"op":"stop","ranks":["0"]}` + "\n":      "reading a request",
		`{"op":"signal","signal":"SIGNO"}` + "\n": "reading a request",
	} {
		c, err := net.Dial("unix", s.Path())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		// The server may hang up on what is too long before all of it is sent.
		io.WriteString(c, text)
		var r Response
		line, err := bufio.NewReader(c).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &r)
		}
		if err != nil || !strings.Contains(r.Error, word) {
			t.Errorf("%.40q is answered by %+v, %v", text, r, err)
		}
		c.Close()
	}
}

func TestPathThatIsTooLong(t *testing.T) {
	if _, err := SocketPath("/tmp", strings.Repeat("x", 200)); err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("%v", err)
	}
}

// Whatever somebody sends is a request or an error; a request that was read
// means the same when it is sent again.
func FuzzParseRequest(f *testing.F) {
	for _, s := range []string{`{"op":"status"}`, `{"op":"signal","ranks":"0-3","signal":"SIGUSR1"}`, `{"op":"stop","kill":true,"who":"me"}`,
		`{"op":"console","ranks":"0,%8+1"}`, `{"op":"wait"`, "null", "[]", "\x00\xff", `{"op":"stop","ranks":"99999999999999999999"}`,
		`{"op":"nodes"}`, `{"op":"screen","rank":13,"via":"X7"}`, `{"op":"archive","via":"../x"}`,
		`{"op":"logs","rank":3,"log":{"stream":"stdout","attempt":-1,"offset":7,"tail":2,"follow":true,"later":true}}`, `{"op":"logs","log":{"stream":"out"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var req Request
		if parseRequest(line, &req) != nil {
			return
		}
		b, err := json.Marshal(req)
		if err != nil {
			t.Fatalf("%q is read as %+v, which cannot be written: %v", line, req, err)
		}
		var again Request
		if err := parseRequest(b, &again); err != nil {
			t.Fatalf("%q is written as %q: %v", line, b, err)
		}
		if c, _ := json.Marshal(again); string(c) != string(b) {
			t.Fatalf("%q, then %q", b, c)
		}
	})
}
