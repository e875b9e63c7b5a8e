package creds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// skew is how far behind ours the clock of a machine may be.
const skew = time.Hour

// Make writes a CA, a certificate with key signed by it, and a token into dir (made
// with 0700; files 0600): ca.pem, cert.pem, key.pem, token. They are good for as long
// as valid. It refuses a directory that has some of them already (fs.ErrExist).
func Make(dir string, valid time.Duration) error {
	if valid <= 0 {
		return fmt.Errorf("credentials cannot be valid for %s", valid)
	}
	files, err := generate(time.Now(), valid)
	if err != nil {
		return fmt.Errorf("making credentials: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making credentials: %w", err)
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return &existsError{path: filepath.Join(dir, name)}
		}
	}
	for i, name := range names {
		if err := writeNew(filepath.Join(dir, name), files[name]); err != nil {
			for _, made := range names[:i] {
				err = errors.Join(err, os.Remove(filepath.Join(dir, made)))
			}
			return fmt.Errorf("making credentials: %w", err)
		}
	}
	return nil
}

// existsError refuses to replace what other machines may hold already.
type existsError struct{ path string }

func (e *existsError) Error() string {
	return e.path + " is there already; name another directory, or remove its credentials first"
}

func (e *existsError) Unwrap() error { return fs.ErrExist }

// writeNew makes a file that only we may read. One that it cannot write whole it
// removes.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// generate makes the contents of the files.
func generate(now time.Time, valid time.Duration) (map[string][]byte, error) {
	random := make([]byte, 16+16+4+32) // two serial numbers, a name, the token
	rand.Read(random)                  // never fails
	number := func(b []byte) *big.Int {
		b[0] = b[0]&0x7f | 1 // positive, and of the full length
		return new(big.Int).SetBytes(b)
	}
	// In the name, so that an error tells two runs' apart.
	name := hex.EncodeToString(random[32:36])
	ca := &x509.Certificate{
		SerialNumber:          number(random[:16]),
		Subject:               pkix.Name{CommonName: "sluice CA " + name},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(valid),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	member := &x509.Certificate{
		SerialNumber:          number(random[16:32]),
		Subject:               pkix.Name{CommonName: "sluice " + name},
		DNSNames:              []string{"sluice"}, // no peer of ours looks, but others want one
		NotBefore:             ca.NotBefore,
		NotAfter:              ca.NotAfter,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	certDER, err := x509.CreateCertificate(rand.Reader, member, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	token := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[36:])
	return map[string][]byte{
		caFile:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		certFile:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}),
		keyFile:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		tokenFile: []byte(token + "\n"),
	}, nil
}
