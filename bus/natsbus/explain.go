package natsbus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/nats-io/nats.go"
)

// ErrForbidden is what a server says that does not let this connection use the
// subjects of its run; one that an agent has embedded, because it is another run's.
var ErrForbidden = nats.ErrPermissionViolation

// explain says in words for people why a server could not be connected to; final
// tells that trying again will hardly help.
func explain(addr string, err error, o DialOptions) (said error, final bool) {
	var (
		stranger *strangerError
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		name     x509.HostnameError
		op       *net.OpError
		record   tls.RecordHeaderError
	)
	// An alert of the other side. With TLS 1.3 it comes after the handshake, and may
	// be overtaken by the end of the connection.
	alert := errors.As(err, &op) && op.Op == "remote error" ||
		errors.Is(err, nats.ErrTLS) && (errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET))
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, nats.ErrNoServers):
		// The client says "no servers" for a connection that was refused.
		return fmt.Errorf("nobody listens on %s: %w", addr, syscall.ECONNREFUSED), false
	case errors.As(err, &stranger):
		return stranger, true
	case errors.Is(err, nats.ErrAuthorization) && o.Token == "":
		return fmt.Errorf("%s lets in only who has its token or password, and none was given: %w", addr, err), true
	case errors.Is(err, nats.ErrAuthorization):
		return fmt.Errorf("%s does not accept the token: it is of another run or another set of credentials: %w", addr, err), true
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%s does not use TLS, and this side was told to: all machines need the same credentials: %w", addr, err), true
	case o.TLS == nil && (errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &invalid) || alert):
		// What is wrong with a name that nobody was to check is no help.
		return fmt.Errorf("%s wants TLS, and this side was given no certificates: all machines need the same credentials", addr), true
	case errors.As(err, &unknown):
		return fmt.Errorf("the certificate of %s is not of the authority (CA) that this side has: %w", addr, err), true
	case errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &record):
		return fmt.Errorf("TLS with %s: %w", addr, err), true
	case alert:
		return fmt.Errorf("%s does not accept the certificate of this side: %w", addr, err), true
	}
	return fmt.Errorf("connecting to %s: %w", addr, err), false
}
