package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicerun/sluice/internal/web/alis"
)

// PushOptions say where [Push] streams to. URL must be given.
type PushOptions struct {
	// URL is the producer's address at the server, as it tells its users:
	// wss://HOST/ws/S/TOKEN. It is a secret; errors and notices leave its path out.
	URL string
	// Insecure permits ws:// to a server on another machine: the session and the
	// token can be read on the way.
	Insecure bool
	// Input streams what is typed, too. See [Options.Input].
	Input bool
	// Notice is told when the connection is lost or there again. Nil: nobody.
	Notice func(text string)
}

const (
	backoffBase = 500 * time.Millisecond
	backoffCap  = 10 * time.Second
	// steady is how long a connection must have lived to start over with short waits.
	steady = 3 * time.Second
	// drain is how long after the session's end the server is still looked for.
	drain = 10 * time.Second
)

// Push streams a session to an asciinema-compatible server until the session ends
// and the server has all of it. A connection that breaks is opened again, sooner
// at first, then every 10 s, and the server gets the whole screen again; the
// session waits for nothing.
//
// The error is that of ctx, or of the session; or says that the server does not
// want the stream (it closed it with a code of 4000 to 4100, or refused it), or
// could not be reached when the session had ended. An [OptionError] is for a URL
// that is none.
func Push(ctx context.Context, o PushOptions, live Live) error {
	p, err := newPusher(o)
	if err != nil {
		return &OptionError{err}
	}
	return p.run(ctx, live)
}

type pusher struct {
	o      PushOptions
	where  string // for people, without the secret
	client *http.Client
	// The times of the protocol; tests have shorter ones.
	ping, pong, send, base, limit, steady, drain time.Duration
}

func newPusher(o PushOptions) (*pusher, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		// The URL itself stays out of the text, and so does the error, which has it.
		return nil, errors.New("streaming to a server: its URL is not of the form wss://HOST/PATH")
	}
	if u.Scheme == "ws" && !o.Insecure && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("streaming to %s: ws:// is not encrypted: use wss://, or permit it with the option for insecure connections", u.Host)
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return &pusher{
		o: o, where: u.Host,
		client: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), CheckRedirect: noRedirect},
		ping:   15 * time.Second, pong: 10 * time.Second, send: 10 * time.Second,
		base: backoffBase, limit: backoffCap, steady: steady, drain: drain,
	}, nil
}

func (p *pusher) run(ctx context.Context, live Live) error {
	defer p.client.CloseIdleConnections()
	h := newHub(live.Header(), p.o.Input)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What is left to do when the session has ended is bounded in time.
	sctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	followed := make(chan error, 1)
	go func() {
		err := h.run(ctx, live)
		t := time.AfterFunc(p.drain, giveUp)
		context.AfterFunc(ctx, func() { t.Stop() })
		followed <- err
	}()
	err := p.connections(sctx, h)
	over := ctx.Err() // of the caller's, as we have not cancelled yet
	cancel()
	if ferr := <-followed; over == nil && ferr != nil && !errors.Is(ferr, context.Canceled) {
		return ferr
	}
	switch {
	case over != nil:
		return over
	case sctx.Err() != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("streaming to %s: the session has ended, and the server did not take the rest of it in time", p.where)
	}
	return err
}

// refused is a server that does not want the stream, now or later.
type refused struct{ why string }

func (e *refused) Error() string { return e.why }

// connections opens one connection after the other until one has carried the
// stream to its end.
func (p *pusher) connections(ctx context.Context, h *hub) error {
	wait, lost := p.base, false
	for {
		began := time.Now()
		err := p.connection(ctx, h, func() {
			if lost {
				p.o.Notice("connected to " + p.where + " again")
			}
			lost = false
		})
		var no *refused
		switch {
		case err == nil:
			return nil
		case errors.As(err, &no):
			return fmt.Errorf("streaming to %s: %w", p.where, err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if time.Since(began) >= p.steady {
			wait = p.base
		}
		if !lost {
			lost = true
			p.o.Notice(fmt.Sprintf("no connection to %s (%v): trying again", p.where, err))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, p.limit)
	}
}

// connection carries the stream as long as it goes.
func (p *pusher) connection(ctx context.Context, h *hub, connected func()) error {
	dctx, cancel := context.WithTimeout(ctx, p.send)
	defer cancel()
	ws, resp, err := websocket.Dial(dctx, p.o.URL, &websocket.DialOptions{
		HTTPClient:   p.client,
		Subprotocols: []string{alis.Protocol},
	})
	if err != nil {
		return dialError(err, resp)
	}
	defer ws.CloseNow()
	if ws.Subprotocol() != alis.Protocol {
		ws.Close(websocket.StatusProtocolError, "")
		return &refused{"the server does not speak " + alis.Protocol}
	}
	connected()

	// The server says nothing but how it closes.
	cctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			if _, _, err := ws.Read(context.Background()); err != nil {
				stop(closeError(err))
				return
			}
		}
	}()
	v := h.join(false)
	defer v.leave()
	link := &link{ws: ws, ping: p.ping, pong: p.pong, send: p.send}
	if err = link.stream(cctx, v); err == nil {
		ws.Close(websocket.StatusNormalClosure, "ended")
	} else {
		// A write may fail before it is read with which words the server closed.
		select {
		case <-closed:
			err = context.Cause(cctx)
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	ws.CloseNow()
	<-closed
	return err
}

// closeError is what the end of a connection means.
func closeError(err error) error {
	var c websocket.CloseError
	switch {
	case !errors.As(err, &c):
		return err
	case c.Code >= 4000 && c.Code <= 4100, c.Code == websocket.StatusNormalClosure:
		why := fmt.Sprintf("the server ended the stream (%d", c.Code)
		if c.Reason != "" {
			why += fmt.Sprintf(": %q", c.Reason)
		}
		return &refused{why + ")"}
	}
	return fmt.Errorf("the server closed the connection (%d)", c.Code)
}

// dialError tells what will never work from what may, later.
func dialError(err error, resp *http.Response) error {
	if resp == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		var u *url.Error // holds the URL, and with it the token
		if errors.As(err, &u) {
			err = u.Err
		}
		return err
	}
	switch code := resp.StatusCode; {
	case code == http.StatusBadRequest:
		return &refused{"the server does not take streams of the kind " + alis.Protocol + " (HTTP status 400)"}
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusNotFound:
		return &refused{fmt.Sprintf("the server does not know this stream (HTTP status %d): look whether the URL is right and still valid", code)}
	case code >= 300 && code < 400:
		return &refused{fmt.Sprintf("the server sends us elsewhere (HTTP status %d): use the URL it leads to", code)}
	default:
		return fmt.Errorf("HTTP status %d", code)
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
