package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/sluicerun/sluice/internal/fdpass"
)

// ErrNoAgent means that nobody answers on the socket: the run has ended, or
// its agent was killed.
var ErrNoAgent = errors.New("nobody answers on the run's control socket")

// Ask puts one request to the run whose socket is at path. Files ride along.
func Ask(ctx context.Context, path string, req Request, files ...*os.File) (Response, error) {
	var resp Response
	conn, err := dial(ctx, path)
	if err != nil {
		return resp, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	b, err := json.Marshal(req)
	if err != nil {
		return resp, err
	}
	oob, err := fdpass.Pack(files)
	if err != nil {
		return resp, err
	}
	b = append(b, '\n')
	n, _, err := conn.(*net.UnixConn).WriteMsgUnix(b, oob, nil)
	if err == nil && n < len(b) { // more than the socket had room for
		_, err = conn.Write(b[n:])
	}
	if err != nil {
		if ctx.Err() != nil {
			return resp, ctx.Err()
		}
		// It closed the socket between our call and our words.
		return resp, fmt.Errorf("%w: %v", ErrNoAgent, err)
	}
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		if ctx.Err() != nil {
			return resp, ctx.Err()
		}
		return resp, unanswered(err)
	}
	if err := json.Unmarshal(line, &resp); err != nil {
		return resp, fmt.Errorf("reading the run's answer: %w", err)
	}
	return resp, resp.failure()
}

// Attach connects to a worker's terminal: the connection carries the frames of
// package session from then on. It is the caller's to close.
func Attach(ctx context.Context, path string, req Request) (net.Conn, error) {
	req.Op = OpAttach
	return open(ctx, path, req)
}

// open asks for what goes on behind the answer. ctx is for the asking only.
func open(ctx context.Context, path string, req Request) (net.Conn, error) {
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = ask(conn, req)
	var resp Response
	if err == nil {
		resp, err = readAnswer(conn)
	}
	if err != nil && ctx.Err() != nil { // it was us who hung up
		err = ctx.Err()
	}
	if err == nil {
		err = resp.failure()
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	if path == "" {
		return nil, errors.New("the run has no control socket: it could not be made when the run started\n  end the run by a signal to its agent; sluice ps --json names the pid")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		if ctx.Err() != nil { // nobody was asked: that says nothing of the run
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %v", ErrNoAgent, err)
	}
	return conn, nil
}

// unanswered is ErrNoAgent of an agent that was there when we called.
func unanswered(err error) error {
	if err == io.EOF {
		return fmt.Errorf("%w: it ended before it answered", ErrNoAgent)
	}
	return fmt.Errorf("%w: %v", ErrNoAgent, err)
}

// readAnswer reads one line and not a byte more: what follows is not ours.
func readAnswer(conn net.Conn) (resp Response, err error) {
	var line []byte
	var b [1]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			return resp, unanswered(err)
		}
		if b[0] == '\n' {
			break
		}
		if line = append(line, b[0]); len(line) > maxRequest {
			return resp, errors.New("reading the run's answer: it does not end")
		}
	}
	if err := json.Unmarshal(line, &resp); err != nil {
		return resp, fmt.Errorf("reading the run's answer: %w", err)
	}
	return resp, nil
}

// failure is the error that an answer carries, if it does.
func (r Response) failure() error {
	switch {
	case r.Usage != nil:
		return r.Usage
	case r.NotMet != nil:
		return r.NotMet
	case r.Node != nil:
		return r.Node
	case r.Error != "":
		return errors.New(r.Error)
	}
	return nil
}
