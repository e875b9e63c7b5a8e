package natsbus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority is a CA with one certificate, which serves both sides of mutual TLS.
type authority struct {
	pool *x509.CertPool
	cert tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	caKey, ca := issue(t, nil, nil)
	key, cert := issue(t, ca, caKey)
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return authority{pool, tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
}

func issue(t *testing.T, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "sluice test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},

		BasicConstraintsValid: true,
		IsCA:                  ca == nil,
	}
	if ca == nil {
		ca, caKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func (a authority) server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.cert}, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
}

func (a authority) client() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.cert}, RootCAs: a.pool, MinVersion: tls.VersionTLS13}
}
