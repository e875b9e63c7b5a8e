//go:build linux

package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
	"github.com/sluicerun/sluice/session"
)

// goodbye is how long a client may take to leave its terminal as it found it,
// before the report of the run appears there.
const goodbye = 2 * time.Second

// onTerminal answers what is asked of a worker's terminal.
func (a *host) onTerminal(req api.Request, gone <-chan struct{}) (api.Response, error) {
	s, err := a.h.Session(req.Rank)
	if err != nil {
		return api.Response{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	switch req.Op {
	case api.OpInput:
		if req.Input == nil {
			return api.Response{}, errors.New("there is no input in the request")
		}
		if err := s.Send(ctx, *req.Input); err != nil || req.Await == nil {
			return api.Response{}, usage(err)
		}
		// It is about what the input leads to.
		req.Await.SinceInput, req.Await.Source = true, req.Input.Source
		return await(ctx, s, req)
	case api.OpAwait:
		if req.Await == nil {
			return api.Response{}, errors.New("there is no condition in the request")
		}
		return await(ctx, s, req)
	case api.OpResize:
		if req.Size == nil || req.Size.Cols == 0 || req.Size.Rows == 0 {
			return api.Response{}, &job.UsageError{Field: "SIZE", Why: "a terminal has at least one column and one row", Hint: "write 120x40"}
		}
		return api.Response{}, s.Resize(*req.Size)
	}
	if req.Brief {
		st := s.State()
		return api.Response{Screen: &api.Screen{Cols: st.Cols, Rows: st.Rows, State: st, Again: st.Ended && a.h.Returns(s.Local())}}, nil
	}
	return api.Response{Screen: screenOf(s, req.Scrollback)}, nil
}

func await(ctx context.Context, s *session.Session, req api.Request) (resp api.Response, err error) {
	err = s.Wait(ctx, *req.Await)
	if err == nil && req.Brief {
		return resp, nil
	}
	resp.Screen = screenOf(s, req.Scrollback)
	if errors.As(err, &resp.NotMet) {
		return resp, nil
	}
	return resp, usage(err)
}

func screenOf(s *session.Session, scrollback int) *api.Screen {
	cols, rows, dump := s.Dump(scrollback)
	return &api.Screen{Cols: cols, Rows: rows, Dump: dump, State: s.State()}
}

// usage makes an error that is the asker's to mend one.
func usage(err error) error {
	var no *session.RefusedError
	var key *keys.Error
	switch {
	case errors.As(err, &no):
		return &job.UsageError{Field: "INPUT", Why: err.Error()}
	case errors.As(err, &key):
		return &job.UsageError{Field: "INPUT", Why: err.Error()}
	}
	return err
}

// attach serves a client on the control socket: until it leaves, or its rank
// will have no session any more.
func (c *control) attach(req api.Request, conn net.Conn) {
	a := (*host)(c)
	if req.Attach == nil {
		req.Attach = &session.AttachOptions{}
	}
	s, err := a.h.Session(req.Rank)
	if err != nil {
		resp := api.Response{Error: err.Error()}
		errors.As(err, &resp.Usage)
		api.Answer(conn, resp)
		return
	}
	api.Answer(conn, api.Response{})
	line := session.NewLine(conn)
	defer line.Close()
	end, left := a.serveClient(line, *req.Attach, s, false)
	if !left {
		line.End(end)
		line.Gone(goodbye)
	}
}

// serveClient attaches a client to a session, and to those that follow it when
// the worker is started anew: with patient, if that may happen at all, else if it
// is about to. left tells that the client has gone.
func (a *host) serveClient(line *session.Line, o session.AttachOptions, s *session.Session, patient bool) (end session.End, left bool) {
	for {
		end, left = s.Attach(context.Background(), line, o)
		if left {
			return end, left
		}
		if !patient {
			if !a.h.Returns(s.Local()) {
				return end, false
			}
			line.Notice(fmt.Sprintf("it ended (%s); waiting for its next attempt", end.Text))
		}
		next := a.h.NextSession(s.Local(), s)
		if next == nil {
			return end, false
		}
		line.Notice(fmt.Sprintf("it ended (%s) and was started anew", end.Text))
		s, o.FromStart = next, !o.Terminal // a terminal begins with a new screen
	}
}

// front serves the launcher's own terminal, from the first byte of rank 0.
type front struct {
	line *session.Line
	opt  session.AttachOptions
	done chan struct{}
	raw  *rawLines // in the place of a standard error that is the terminal
}

// openFront attaches the launcher's terminal, whose line is conn. It returns what
// the launcher's standard error is to be meanwhile.
func (a *host) openFront(conn *os.File, o session.AttachOptions) (stderr *os.File, err error) {
	c, err := net.FileConn(conn)
	conn.Close()
	if err != nil {
		return nil, fmt.Errorf("connecting to the launcher's terminal: %w", err)
	}
	f := &front{done: make(chan struct{})}
	a.mu.Lock()
	stderr = a.err
	a.mu.Unlock()
	if isTerminal(stderr) {
		if f.raw, err = newRawLines(stderr); err != nil {
			c.Close()
			return nil, err
		}
		stderr = f.raw.w
	}
	f.line, f.opt = session.NewLine(c), o
	a.mu.Lock()
	a.front = f
	a.mu.Unlock()
	return stderr, nil
}

// serveFront shows rank 0 on the launcher's terminal from now on, if it has one
// for that.
func (a *host) serveFront() {
	a.mu.Lock()
	f := a.front
	a.mu.Unlock()
	if f == nil {
		return
	}
	go func() {
		defer close(f.done)
		defer f.line.Close()
		s := a.h.NextSession(0, nil)
		end := session.End{Ended: true}
		left := false
		if s != nil {
			end, left = a.serveClient(f.line, f.opt, s, true)
		}
		if !left {
			f.line.End(end)
			f.line.Gone(goodbye)
		}
	}()
}

// frontGone returns once the launcher's terminal is the shell's again.
func (a *host) frontGone() {
	a.mu.Lock()
	f := a.front
	a.mu.Unlock()
	if f != nil {
		<-f.done
		f.raw.close()
	}
}
