package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return resp, fmt.Errorf("%w: %v", ErrNoAgent, err)
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
	if _, _, err := conn.(*net.UnixConn).WriteMsgUnix(append(b, '\n'), oob, nil); err != nil {
		// It closed the socket between our call and our words.
		return resp, fmt.Errorf("%w: %v", ErrNoAgent, err)
	}
	line, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		if ctx.Err() != nil {
			return resp, ctx.Err()
		}
		return resp, fmt.Errorf("%w: it hung up: %v", ErrNoAgent, err)
	}
	if err := json.Unmarshal(line, &resp); err != nil {
		return resp, fmt.Errorf("reading the run's answer: %w", err)
	}
	switch {
	case resp.Usage != nil:
		return resp, resp.Usage
	case resp.Error != "":
		return resp, errors.New(resp.Error)
	}
	return resp, nil
}
