package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/sluicerun/sluice/cast"
)

// Options say what [Serve] shows, where and to whom. Source must be given.
type Options struct {
	// Listen is the address, host:port; empty: a free port of 127.0.0.1. Without a
	// host (":8080") it is 127.0.0.1, too; for all addresses say "0.0.0.0:8080".
	Listen string
	// Token is the first element of every path that is served: 16 to 128 letters,
	// digits, - and _. Empty: none on loopback, a random one on other addresses.
	Token string
	// Hosts are further names by which requests may ask for this server, besides
	// those of the address itself, such as that of a proxy before it. They may be
	// left out with a token, when every name will do.
	Hosts []string

	// Source opens the session. It is called once, before anything is served.
	Source func(ctx context.Context) (Live, error)
	// Input shows what is typed, too. It may hold what nobody saw on the screen:
	// passwords, for one.
	Input bool
	// Title is the page's; empty: the session's, or its command.
	Title string
	// Cast writes the recording so far, as asciicast version 2, for GET cast. Nil:
	// there is none.
	Cast func(w io.Writer) error

	// Linger is how long those who come after the session's end are shown its last
	// screen before Serve returns; 0: until ctx is done.
	Linger time.Duration
	// Viewers is how many may watch at a time; 0: 100.
	Viewers int
	// Ready is told the page's URL, with its token, when it can be opened.
	Ready func(url string)
}

// OptionError is an option that makes no sense, or an address that cannot be had:
// nothing was served or sent.
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

func goodToken(s string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(s) >= 16 && len(s) <= 128 && strings.Trim(s, letters) == ""
}

// listen opens the address, and says which token is to be used there.
func (o *Options) listen(ctx context.Context) (ln net.Listener, token string, err error) {
	if o.Token != "" && !goodToken(o.Token) {
		return nil, "", errors.New("serving a session: a token is 16 to 128 letters, digits, - and _")
	}
	addr := o.Listen
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", fmt.Errorf("serving a session on %q: %w: say host:port", o.Listen, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	ln, err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, "", fmt.Errorf("serving a session: %w", err)
	}
	token = o.Token
	// What counts is where it listens now: a name may lead anywhere.
	if a, ok := ln.Addr().(*net.TCPAddr); token == "" && !(ok && a.IP.IsLoopback()) {
		var b [18]byte
		rand.Read(b[:]) // never fails
		token = base64.RawURLEncoding.EncodeToString(b[:])
	}
	return ln, token, nil
}

func (o *Options) title(h cast.Header) string {
	for _, s := range []string{o.Title, h.Title, h.Command} {
		if s != "" {
			return s
		}
	}
	return "terminal"
}
