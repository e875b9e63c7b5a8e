package creds

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const year = 365 * 24 * time.Hour

func made(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "certs")
	if err := Make(dir, year); err != nil {
		t.Fatal(err)
	}
	return dir
}

func loaded(t testing.TB, dir string) *Creds {
	t.Helper()
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMake(t *testing.T) {
	dir := made(t)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(names) {
		t.Fatalf("%v %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	c := loaded(t, dir)
	if len(c.Token()) != 52 { // 32 bytes in base32
		t.Errorf("token %q", c.Token())
	}
	leaf := c.cert.Leaf
	if from := time.Since(leaf.NotBefore); from < skew || from > skew+time.Hour {
		t.Errorf("valid from %s ago", from)
	}
	if left := time.Until(leaf.NotAfter); left > year || left < year-time.Hour {
		t.Errorf("valid for %s", left)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("a key of type %T", leaf.PublicKey)
	}
	if other := loaded(t, made(t)); other.Token() == c.Token() || other.cert.Leaf.Issuer.CommonName == leaf.Issuer.CommonName {
		t.Error("two runs have the same token, or CAs of one name")
	}
}

func TestMakeRefuses(t *testing.T) {
	for _, name := range names {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := Make(dir, year)
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%s: %v", name, entries)
		}
	}
	if err := Make(filepath.Join(t.TempDir(), "x"), 0); err == nil {
		t.Error("made what is valid for no time")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Make(filepath.Join(file, "x"), year); err == nil {
		t.Error("made a directory in a file")
	}
}

func TestFiles(t *testing.T) {
	c := loaded(t, made(t))
	sent := c.Files()
	back, err := FromFiles(sent)
	if err != nil {
		t.Fatal(err)
	}
	handshake(t, c.ServerTLS(), back.ClientTLS(), "", "")
	if back.Token() != c.Token() {
		t.Error("another token")
	}
	sent["token"][0] ^= 1
	if back.Files()["token"][0] == sent["token"][0] || back.Token() != c.Token() {
		t.Error("what was sent is not the caller's own")
	}
	sent["../x"] = nil
	if _, err := FromFiles(sent); err == nil || !strings.Contains(err.Error(), `"../x"`) {
		t.Errorf("%v", err)
	}
}

// What can be wrong with a directory, and what people are told.
func TestLoadErrors(t *testing.T) {
	put := func(name string, data []byte, mode fs.FileMode) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, name)
			os.Remove(path)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				return err
			}
			return os.Chmod(path, mode)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	chmod := func(name string, mode fs.FileMode) func(string) error {
		return func(dir string) error { return os.Chmod(filepath.Join(dir, name), mode) }
	}
	other := loaded(t, made(t)).Files()
	for name, test := range map[string]struct {
		do   func(dir string) error
		says string // every error names the directory, too
	}{
		"no directory":         {os.RemoveAll, "sluice certs"},
		"nothing":              {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) }, "no credentials"},
		"no key":               {remove(keyFile), "ca.pem and cert.pem but no key.pem"},
		"no ca":                {remove(caFile), "no ca.pem"},
		"key of another":       {put(keyFile, other[keyFile], 0o600), "private key does not match"},
		"ca of another":        {put(caFile, other[caFile], 0o600), "cert.pem does not do for a server with"},
		"key for all":          {chmod(keyFile, 0o644), "chmod 600"},
		"key for the group":    {chmod(keyFile, 0o640), "chmod 600"},
		"token for all":        {chmod(tokenFile, 0o604), "chmod 600"},
		"empty token":          {put(tokenFile, []byte("\n"), 0o600), "is empty"},
		"two words":            {put(tokenFile, []byte("a b"), 0o600), "not one word"},
		"long token":           {put(tokenFile, bytes.Repeat([]byte("x"), 4096), 0o600), "at most 1024"},
		"no PEM":               {put(certFile, []byte("hello"), 0o600), "cert.pem"},
		"no PEM in the CA":     {put(caFile, []byte("hello"), 0o600), "no certificate"},
		"a broken certificate": {put(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), 0o600), "ca.pem: reading a certificate"},
		"huge":                 {put(caFile, make([]byte, maxFile+1), 0o600), "more than"},
		"a directory": {func(dir string) error {
			return errors.Join(remove(caFile)(dir), os.Mkdir(filepath.Join(dir, caFile), 0o700))
		}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := made(t)
			if err := test.do(dir); err != nil {
				t.Fatal(err)
			}
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTokenAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, tokenFile), []byte(" secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := loaded(t, dir)
	if c.Token() != "secret" || c.ServerTLS() != nil || c.ClientTLS() != nil {
		t.Errorf("%q %v %v", c.Token(), c.ServerTLS(), c.ClientTLS())
	}
}

func TestNoToken(t *testing.T) {
	dir := made(t)
	if err := os.Remove(filepath.Join(dir, tokenFile)); err != nil {
		t.Fatal(err)
	}
	if c := loaded(t, dir); c.Token() != "" || c.ServerTLS() == nil {
		t.Errorf("%q %v", c.Token(), c.ServerTLS())
	}
}

func TestTime(t *testing.T) {
	now := time.Now()
	files, err := generate(now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for after, says := range map[time.Duration]string{
		0:                         "",
		-30 * time.Minute:         "", // a clock that is behind
		-2 * time.Hour:            "clock",
		time.Hour + 2*time.Second: "expired on " + now.Add(time.Hour).UTC().Format("2006-01-02 15:04 MST"),
		59 * time.Minute:          "",
	} {
		_, err := parse("certs", files, now.Add(after))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "certs/cert.pem")) {
			t.Errorf("after %s: %v", after, err)
		}
	}
}

// handshake connects both ends over TCP and has a byte go each way. An error of either
// end must have the text that is expected of it, "" none.
func handshake(t *testing.T, server, client *tls.Config, serverSays, clientSays string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	echo := func(conn *tls.Conn, first bool) error {
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if err := conn.Handshake(); err != nil {
			return err
		}
		b := []byte{'x'}
		if first {
			if _, err := conn.Write(b); err != nil {
				return err
			}
		}
		// The server's refusal of a certificate comes after the client's handshake.
		if _, err := io.ReadFull(conn, b); err != nil {
			return err
		}
		if !first {
			_, err := conn.Write(b)
			return err
		}
		return nil
	}
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		served <- echo(tls.Server(conn, server), false)
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	err = echo(tls.Client(conn, client), true)
	conn.Close()
	check := func(who string, err error, says string) {
		t.Helper()
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("the %s says: %v, not %q", who, err, says)
		}
	}
	check("client", err, clientSays)
	check("server", <-served, serverSays)
}

func TestHandshake(t *testing.T) {
	dir := made(t)
	us, them := loaded(t, dir), loaded(t, made(t))
	now := time.Now()
	// A member whose certificate has expired, of the CA that signed ours: it is nobody's
	// to make with Make, so it is signed here.
	ca, member, expired := sign(t, now, -time.Minute)
	own := &Creds{ca: ca, cert: member}
	late := &Creds{ca: ca, cert: expired}
	// Go's clients show a certificate only to who has said that he knows its CA.
	pushy := us.ClientTLS()
	pushy.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return them.cert, nil }
	none := us.ClientTLS()
	none.Certificates = nil
	old := us.ClientTLS()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for name, test := range map[string]struct {
		server, client         *tls.Config
		serverSays, clientSays string
	}{
		"ours":                {us.ServerTLS(), loaded(t, dir).ClientTLS(), "", ""},
		"server of another":   {them.ServerTLS(), us.ClientTLS(), "bad certificate", "not one of this run"},
		"client of another":   {us.ServerTLS(), pushy, "unknown authority", "unknown certificate authority"},
		"no certificate":      {us.ServerTLS(), none, "didn't provide a certificate", "certificate required"},
		"TLS 1.2":             {us.ServerTLS(), old, "unsupported versions", "protocol version"},
		"signed by hand":      {own.ServerTLS(), own.ClientTLS(), "", ""},
		"an expired server":   {late.ServerTLS(), own.ClientTLS(), "certificate", "expired"},
		"an expired client":   {own.ServerTLS(), late.ClientTLS(), "expired", "certificate"},
		"who knows no system": {us.ServerTLS(), &tls.Config{ServerName: "sluice"}, "bad certificate", "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			handshake(t, test.server, test.client, test.serverSays, test.clientSays)
		})
	}
}

// Resumption must not go round the check.
func TestResumption(t *testing.T) {
	us, them := loaded(t, made(t)), loaded(t, made(t))
	cache := tls.NewLRUClientSessionCache(4)
	ours, other := us.ClientTLS(), them.ClientTLS()
	ours.ClientSessionCache, other.ClientSessionCache = cache, cache
	ours.ServerName, other.ServerName = "x", "x"
	server := us.ServerTLS()
	handshake(t, server, ours, "", "")
	handshake(t, server, ours, "", "")
	handshake(t, server, other, "bad certificate", "not one of this run")
}

// sign makes a CA, a member, and one whose time ended so long from now.
func sign(t *testing.T, now time.Time, ended time.Duration) (pool *x509.CertPool, member, expired *tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "a site's CA"},
		NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	issue := func(template *x509.Certificate, parent *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	ca := issue(template, template)
	pool = x509.NewCertPool()
	pool.AddCert(ca)
	pair := func(end time.Time) *tls.Certificate {
		leaf := issue(&x509.Certificate{
			NotBefore: now.Add(-2 * time.Hour), NotAfter: end, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, ca)
		return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	}
	return pool, pair(now.Add(time.Hour)), pair(now.Add(ended))
}
