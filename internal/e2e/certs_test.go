//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/creds"
)

func TestCerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("certs", "my certs", "--days", "30")
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	for _, says := range []string{"ca.pem", "cert.pem", "key.pem", "token", "scp -rp 'my certs' HOST:", "sluice run --tls 'my certs'",
		"valid until " + time.Now().AddDate(0, 0, 30).UTC().Format("2006-01")} {
		if !strings.Contains(r.stdout, says) {
			t.Errorf("does not say %q:\n%s", says, r.stdout)
		}
	}
	c, err := creds.Load(w.path("my certs"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Token() == "" || c.ServerTLS() == nil || c.ClientTLS() == nil {
		t.Error("something is missing")
	}
	// A secret belongs into its file only.
	if strings.Contains(r.stdout, c.Token()) {
		t.Errorf("shows the token:\n%s", r.stdout)
	}
}

func TestCertsMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("certs", "there")
	before, err := os.ReadFile(w.path("there/key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("file", "")
	for args, says := range map[string]string{
		"":                  "one DIR",
		"a b":               "one DIR",
		"there":             "there/ca.pem is there already",
		"file":              "not a directory",
		"file/x":            "not a directory",
		"x --days 0":        "--days",
		"x --days 99999":    "--days",
		"x --days ten":      "--days",
		"x --no-such-thing": "--no-such-thing",
	} {
		r := w.run(append([]string{"certs"}, strings.Fields(args)...)...)
		if r.status != 2 || r.stdout != "" || !strings.HasPrefix(r.stderr, "sluice: ") || !strings.Contains(r.stderr, says) {
			t.Errorf("sluice certs %s: %+v", args, r)
		}
	}
	if r := w.run("certs", ""); r.status != 2 || !strings.Contains(r.stderr, "empty") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(w.path("x")); !os.IsNotExist(err) {
		t.Errorf("a mistake left a directory: %v", err)
	}
	if after, err := os.ReadFile(w.path("there/key.pem")); err != nil || string(after) != string(before) {
		t.Errorf("the old key is another: %v", err)
	}
}
