package natsbus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
)

// Pace of attempts.
const (
	redialEvery  = 100 * time.Millisecond
	redialJitter = 50 * time.Millisecond
	// settled is how long all servers must have said no before Dial believes it:
	// what listens there may be what is left of the run before.
	settled = 3 * time.Second
)

// writeTimeout is how long the socket may take nothing before it is lost.
const writeTimeout = 3 * time.Second

// DialOptions are the options of Dial.
type DialOptions struct {
	Name  string // as Server.Gone tells it
	RunID string
	Token string       // a server's URL may have another, or a user and a password
	TLS   *tls.Config  // nil: the server must do without
	Log   func(string) // takes warnings for people; may be nil
	// Failed is told why an attempt of Dial failed that is made again; may be nil.
	Failed func(error)
}

// Dial connects to the first of the servers that answers: host:port or
// nats://host:port, with user:password@ before the host if need be. It tries again
// until ctx ends; servers that all say no for a few seconds (wrong token, wrong
// certificate, not NATS) are believed before.
//
// Afterwards the connection comes back by itself whenever it is lost, for ever,
// until Close.
func Dial(ctx context.Context, servers []string, o DialOptions) (*Conn, error) {
	var endpoints []endpoint
	for _, text := range servers {
		u, err := parseServer(text)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, overTCP(u))
	}
	if len(endpoints) == 0 {
		return nil, errors.New("no server to connect to is given")
	}
	return dial(ctx, endpoints, o)
}

func dial(ctx context.Context, endpoints []endpoint, o DialOptions) (*Conn, error) {
	c := newConn(endpoints, o)
	release := context.AfterFunc(ctx, c.end)
	start := time.Now()
	var (
		firm time.Time // since when all say no
		last error     // of the last full round
	)
	for {
		var errs []error
		no := 0
		for _, e := range endpoints {
			err := ctx.Err()
			if err == nil {
				err = c.connect(e, endpoints, o)
			}
			if err == nil && release() {
				return c, nil
			}
			if err == nil {
				err = ctx.Err()
			}
			err, final := explain(e.url.Host, err, o)
			if final {
				no++
			}
			errs = append(errs, err)
		}
		if no < len(endpoints) {
			firm = time.Time{}
		} else if firm.IsZero() {
			firm = time.Now()
		}
		err := errors.Join(errs...)
		if !firm.IsZero() && time.Since(firm) > settled {
			_ = c.Close()
			return nil, err
		}
		wait := time.NewTimer(redialEvery + rand.N(redialJitter))
		select {
		case <-wait.C:
			last = err
			if o.Failed != nil {
				o.Failed(err)
			}
		case <-ctx.Done():
			wait.Stop()
			_ = c.Close()
			if last != nil {
				err = last
			}
			return nil, fmt.Errorf("%w (tried since %s; %w)", err, start.Format(time.TimeOnly), context.Cause(ctx))
		}
	}
}

// connect makes one attempt at one server. The client of NATS gets to know the
// others afterwards: asked to try them all, it keeps only the last error.
func (c *Conn) connect(e endpoint, all []endpoint, o DialOptions) error {
	options := []nats.Option{
		nats.Name(o.Name),
		nats.CustomInboxPrefix(inbox(o.Name)),
		nats.SetCustomDialer(c.dialer),
		nats.SkipHostLookup(),
		nats.Timeout(dialTimeout),
		nats.FlusherTimeout(writeTimeout),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOut),
		nats.ReconnectWait(redialEvery),
		nats.ReconnectJitter(redialJitter, redialJitter),
		nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // nothing is kept for later
		nats.IgnoreAuthErrorAbort(),
		nats.PermissionErrOnSubscribe(true),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c.link.set(false, err) }),
		nats.ReconnectHandler(func(*nats.Conn) { c.link.set(true, nil) }),
		nats.ErrorHandler(c.trouble),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
	}
	if o.TLS != nil {
		options = append(options, nats.Secure(o.TLS))
	}
	switch password, ok := e.url.User.Password(); {
	case ok: // for servers of the cluster that it tells of
		options = append(options, nats.UserInfo(e.url.User.Username(), password))
	case o.Token != "":
		options = append(options, nats.Token(o.Token))
	}
	nc, err := nats.Connect(e.url.String(), options...)
	if err != nil {
		return err
	}
	c.nc, c.cluster = nc, nc.ConnectedClusterName() != ""
	if len(all) > 1 {
		urls := make([]string, len(all))
		for i, e := range all {
			urls[i] = e.url.String()
		}
		_ = nc.SetServerPool(urls) // it fails for URLs that cannot be read, and one of each kind was
	}
	c.dialer.impatient()
	c.link.set(true, nil)
	return nil
}
