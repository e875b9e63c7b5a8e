package creds

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The names of the files.
const (
	caFile    = "ca.pem"
	certFile  = "cert.pem"
	keyFile   = "key.pem"
	tokenFile = "token"
)

// names lists them in the order in which people hear of them.
var names = []string{caFile, certFile, keyFile, tokenFile}

// maxToken is how long a token may be, in bytes: it travels in the first message of
// every connection.
const maxToken = 1024

// Creds are the credentials of a run.
type Creds struct {
	files map[string][]byte
	token string
	ca    *x509.CertPool   // nil with a token alone
	cert  *tls.Certificate // nil with a token alone
}

// Token is the run's token, "" if there is none.
func (c *Creds) Token() string { return c.token }

// Files are the files that these credentials were read from, by name, for sending
// them to a machine where FromFiles takes them. They hold the secret key.
func (c *Creds) Files() map[string][]byte {
	out := make(map[string][]byte, len(c.files))
	for name, data := range c.files {
		out[name] = bytes.Clone(data)
	}
	return out
}

// FromFiles is the other end of Files.
func FromFiles(files map[string][]byte) (*Creds, error) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("credentials hold an unknown file %q", name)
		}
	}
	return parse("", files, time.Now())
}

// parse makes credentials of files that lie in dir, which is for errors alone: "" if
// they were sent.
func parse(dir string, files map[string][]byte, now time.Time) (*Creds, error) {
	c := &Creds{files: make(map[string][]byte, len(files))}
	for name, data := range files {
		c.files[name] = bytes.Clone(data)
	}
	var have, lack []string
	for _, name := range []string{caFile, certFile, keyFile} {
		if _, ok := files[name]; ok {
			have = append(have, name)
		} else {
			lack = append(lack, name)
		}
	}
	token, tokenThere := files[tokenFile]
	switch {
	case len(have) == 0 && !tokenThere:
		return nil, fmt.Errorf("%s has no credentials (%s)\n  %s", where(dir), strings.Join(names, ", "), remedy)
	case len(have) > 0 && len(lack) > 0:
		return nil, fmt.Errorf("%s has %s but no %s: they go together\n  %s",
			where(dir), strings.Join(have, " and "), strings.Join(lack, " and no "), remedy)
	}
	if tokenThere {
		var err error
		if c.token, err = parseToken(token); err != nil {
			return nil, fmt.Errorf("%s %w\n  %s", filepath.Join(dir, tokenFile), err, remedy)
		}
	}
	if len(have) > 0 {
		if err := c.parseCertificates(dir, now); err != nil {
			return nil, fmt.Errorf("%w\n  %s", err, remedy)
		}
	}
	return c, nil
}

// remedy is what mends most of what can be wrong with the files.
const remedy = "new ones are made with: sluice certs DIR"

func where(dir string) string {
	if dir == "" {
		return "what was sent"
	}
	return dir
}

// parseToken accepts one printable word, as people may write the file themselves.
func parseToken(data []byte) (string, error) {
	token := strings.TrimSpace(string(data))
	switch {
	case token == "":
		return "", errors.New("is empty")
	case len(token) > maxToken:
		return "", fmt.Errorf("has %d bytes; a token has at most %d", len(token), maxToken)
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", errors.New("is not one word of printable ASCII")
		}
	}
	return token, nil
}

// parseCertificates reads the three files that go together and checks that peers will
// accept them: a mistake is told here, once, and not by every machine as a handshake
// that failed.
func (c *Creds) parseCertificates(dir string, now time.Time) error {
	at := func(name string) string { return filepath.Join(dir, name) }
	cas, err := parsePEM(c.files[caFile])
	if err != nil {
		return fmt.Errorf("%s: %w", at(caFile), err)
	}
	pool := x509.NewCertPool()
	for _, ca := range cas {
		pool.AddCert(ca)
	}
	pair, err := tls.X509KeyPair(c.files[certFile], c.files[keyFile])
	if err != nil {
		return fmt.Errorf("%s and %s: %w", at(certFile), at(keyFile), err)
	}
	chain, err := parsePEM(c.files[certFile])
	if err != nil {
		return fmt.Errorf("%s: %w", at(certFile), err)
	}
	if err := inTime(chain[0], now); err != nil {
		return fmt.Errorf("%s %w", at(certFile), err)
	}
	for _, ca := range cas {
		if err = inTime(ca, now); err == nil {
			break // one that is good is enough
		}
	}
	if err != nil {
		return fmt.Errorf("%s %w", at(caFile), err)
	}
	// Every agent is a server to some and a client of others.
	if err := verify(chain, pool, x509.ExtKeyUsageServerAuth, now); err != nil {
		return fmt.Errorf("%s does not do for a server with %s: %w", at(certFile), at(caFile), err)
	}
	if err := verify(chain, pool, x509.ExtKeyUsageClientAuth, now); err != nil {
		return fmt.Errorf("%s does not do for a client with %s: %w", at(certFile), at(caFile), err)
	}
	c.ca, c.cert = pool, &pair
	return nil
}

// inTime tells when a certificate expired, or that its time has not come.
func inTime(cert *x509.Certificate, now time.Time) error {
	const layout = "2006-01-02 15:04 MST"
	switch {
	case now.After(cert.NotAfter):
		return fmt.Errorf("expired on %s (here it is %s)", cert.NotAfter.UTC().Format(layout), now.UTC().Format(layout))
	case now.Before(cert.NotBefore):
		return fmt.Errorf("is valid from %s only, and here it is %s: is this machine's clock right?",
			cert.NotBefore.UTC().Format(layout), now.UTC().Format(layout))
	}
	return nil
}

// parsePEM reads the certificates of a PEM file, at least one.
func parsePEM(data []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("reading a certificate: %w", err)
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return nil, errors.New("holds no certificate in PEM")
	}
	return list, nil
}
