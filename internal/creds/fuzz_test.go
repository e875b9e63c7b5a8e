package creds

import (
	"testing"
	"time"
)

// Whatever the files hold, there are credentials or an error, and what was accepted
// can be sent on. Cryptography does not take the same path twice, which keeps the fuzzer
// busy with making inputs smaller: -fuzzminimizetime=10x.
func FuzzParse(f *testing.F) {
	now := time.Now()
	files, err := generate(now, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(files[caFile], files[certFile], files[keyFile], files[tokenFile])
	f.Add(files[certFile], files[caFile], files[keyFile], []byte("word"))
	f.Add([]byte{}, []byte{}, []byte{}, []byte("word\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), files[certFile], files[keyFile], []byte{})
	f.Fuzz(func(t *testing.T, ca, cert, key, token []byte) {
		sent := map[string][]byte{}
		for name, data := range map[string][]byte{caFile: ca, certFile: cert, keyFile: key, tokenFile: token} {
			if len(data) > 0 {
				sent[name] = data
			}
		}
		c, err := FromFiles(sent)
		if err != nil {
			return
		}
		if c.Token() == "" && c.ServerTLS() == nil {
			t.Fatal("credentials without anything")
		}
		if back, err := FromFiles(c.Files()); err != nil || back.Token() != c.Token() {
			t.Fatalf("what was accepted is refused: %v", err)
		}
	})
}
