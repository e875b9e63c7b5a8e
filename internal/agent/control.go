//go:build linux

package agent

import (
	"errors"
	"net"
	"os"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/nodes"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/launch"
)

// control answers on the run's control socket.
type control host

// Do implements api.Control.
func (c *control) Do(req api.Request, files []*os.File, gone <-chan struct{}) api.Response {
	a := (*host)(c)
	if req.Op != api.OpResume {
		for _, f := range files {
			f.Close()
		}
	}
	var hit []int
	var err error
	switch req.Op {
	case api.OpStatus:
		rec := a.h.Record()
		return api.Response{Record: &rec}
	case api.OpWait:
		select {
		case <-a.h.Done():
		case <-gone:
		}
		rec := a.h.Record()
		return api.Response{Record: &rec}
	case api.OpInput, api.OpAwait, api.OpScreen, api.OpResize:
		var resp api.Response
		if resp, err = a.onTerminal(req, gone); err == nil {
			return resp
		}
	case api.OpSignal:
		hit, err = a.h.Signal(req.Ranks, req.Signal)
	case api.OpStop:
		hit, err = a.stop(req)
	case api.OpConsole:
		err = a.h.SetConsole(req.Ranks)
	case api.OpEOF:
		err = a.endInput()
	case api.OpResume:
		err = a.resume(files)
	case api.OpNodes:
		all, err := a.nodes.List()
		if err != nil {
			return api.Response{Error: err.Error()}
		}
		return api.Response{Nodes: all}
	}
	if err != nil {
		resp := api.Response{Error: err.Error()}
		errors.As(err, &resp.Usage)
		return resp
	}
	return api.Response{Ranks: job.FormatRanks(hit)}
}

// Stream implements api.Control.
func (c *control) Stream(req api.Request, conn net.Conn) {
	a := (*host)(c)
	switch {
	case req.Via != "":
		a.nodes.Forward(req, conn)
	case req.Op == api.OpLogs:
		a.nodes.Logs(req, conn, nodes.Run{Dir: a.h.Dir(), Record: a.h.Record, Done: a.h.Done()})
	case req.Op == api.OpArchive:
		nodes.Archive(conn, a.h.Dir())
	default:
		c.attach(req, conn)
	}
}

func (a *host) stop(req api.Request) ([]int, error) {
	if !req.Ranks.IsZero() {
		return a.h.StopRanks(req.Ranks)
	}
	if req.Kill {
		a.h.StopAll("killed by "+req.Who, 128+int(job.SIGKILL), true)
	} else {
		a.h.StopAll("stopped by "+req.Who, 128+int(job.SIGTERM), false)
	}
	return nil, nil
}

// endInput closes what feeds a worker: a FIFO, or the launcher's keyboard.
func (a *host) endInput() error {
	err := a.h.EOF()
	if err == nil || errors.Is(err, launch.ErrEnded) {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.link != nil && a.keyboard {
		return a.link.send(message{Kind: kindEOF})
	}
	return err
}

// resume takes a new launcher: its link, its stdout and its stderr.
func (a *host) resume(files []*os.File) error {
	closeAll := func() {
		for _, f := range files {
			f.Close()
		}
	}
	if len(files) != 3 && len(files) != 4 {
		closeAll()
		return &job.UsageError{Field: "resume", Why: "it needs a link, stdout and stderr"}
	}
	a.mu.Lock()
	if a.link != nil {
		a.mu.Unlock()
		closeAll()
		return errors.New("this run has a launcher; it can be followed with: sluice logs -f " + a.h.ID())
	}
	l, err := newLink(files[0])
	if err != nil {
		a.mu.Unlock()
		closeAll()
		return err
	}
	a.link, a.out, a.err = l, files[1], files[2]
	a.mu.Unlock()
	m, _, err := l.recv()
	if err != nil || m.Start == nil {
		a.mu.Lock()
		a.link = nil
		a.mu.Unlock()
		closeAll()
		return errors.New("the new launcher went away")
	}
	stderr := a.err
	if m.Start.Front != nil && len(files) == 4 {
		if stderr, err = a.openFront(files[3], *m.Start.Front); err != nil {
			return err
		}
	}
	if err := a.h.Resumed(m.Start.Launcher, a.out, stderr); err != nil {
		return err
	}
	a.serveFront()
	l.send(message{Kind: kindStarted, Run: a.h.ID(), Dir: a.h.Dir()})
	go a.listen(l)
	return nil
}
