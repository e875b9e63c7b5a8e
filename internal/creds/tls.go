package creds

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ServerTLS is for listeners: clients must have a certificate of the CA. It is nil
// with a token alone.
func (c *Creds) ServerTLS() *tls.Config {
	if c.cert == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{*c.cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    c.ca,
	}
}

// ClientTLS is for dialing: the server must have a certificate of the CA, whatever
// name it bears. It is nil with a token alone.
func (c *Creds) ClientTLS() *tls.Config {
	if c.cert == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{*c.cert},
		// The one way to leave names out of the check; VerifyConnection does the rest
		// of it, also when a session is resumed.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := verify(state.PeerCertificates, c.ca, x509.ExtKeyUsageServerAuth, time.Now()); err != nil {
				return fmt.Errorf("the server's certificate is not one of this run: %w", err)
			}
			return nil
		},
	}
}

// verify checks a chain, the peer's own certificate first, against the CA.
func verify(chain []*x509.Certificate, ca *x509.CertPool, usage x509.ExtKeyUsage, now time.Time) error {
	if len(chain) == 0 {
		return errors.New("there is none")
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: ca, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}
