package natsbus

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sluicerun/sluice/bus"
)

func TestKey(t *testing.T) {
	for id, want := range map[string]string{
		"7":                     "7",
		"exp-3_B":               "exp-3_B",
		strings.Repeat("x", 40): strings.Repeat("x", 40),
		strings.Repeat("x", 41): strings.Repeat("x", 23) + "-" + hash(strings.Repeat("x", 41)),
		"slurm.12/0":            "slurm_12_0-" + hash("slurm.12/0"),
		"":                      "-" + hash(""),
		"größe":                 "gr__e-" + hash("größe"),
	} {
		if got := Key(id); got != want {
			t.Errorf("the key of %q is %q, not %q", id, got, want)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("7", "8")
	f.Add("a.b", "a_b")
	f.Add("", " ")
	f.Add("\xff", strings.Repeat("ü", 30))
	f.Fuzz(func(t *testing.T, a, b string) {
		k := Key(a)
		if len(k) == 0 || len(k) > keyMax {
			t.Errorf("the key of %q has %d characters", a, len(k))
		}
		if err := bus.CheckMessage(root(a)+"x", nil); err != nil {
			t.Error(err)
		}
		if a != b && k == Key(b) {
			t.Errorf("%q and %q have the key %q", a, b, k)
		}
		if Key(k) != k {
			t.Errorf("the key of a key, %q, is %q", k, Key(k))
		}
	})
}

// decodeKey undoes encodeKey for keys that are not too long.
func decodeKey(t *testing.T, word string) string {
	if word == "=" {
		return ""
	}
	var key []byte
	for word != "" {
		if word[0] != '=' {
			key, word = append(key, word[0]), word[1:]
			continue
		}
		c, err := hex.DecodeString(word[1:3])
		if err != nil {
			t.Fatal(err)
		}
		key, word = append(key, c...), word[3:]
	}
	return string(key)
}

func FuzzStoreKey(f *testing.F) {
	f.Add("torch.rendezvous.7/node/3")
	f.Add("")
	f.Add("=")
	f.Add("a b\x00\xffü*>")
	f.Add(strings.Repeat("/", longKey))
	f.Fuzz(func(t *testing.T, key string) {
		word := encodeKey(key)
		if word == "" || len(word) > longKey+66 || strings.ContainsAny(word, " .*>\t\r\n") {
			t.Errorf("%q is no word of a subject", word)
		}
		if len(word) <= longKey && decodeKey(t, word) != key {
			t.Errorf("%q became %q", key, word)
		}
		if encodeKey(key+"x") == word {
			t.Errorf("%q and one letter more have the same word", key)
		}
	})
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"a":                           "nats://a:4222",
		"a:1":                         "nats://a:1",
		"nats://a":                    "nats://a:4222",
		"tls://a:1/":                  "tls://a:1",
		"nats://u:p@a:1":              "nats://u:p@a:1",
		"u:p@a:1":                     "nats://u:p@a:1",
		"nats://token@[fd00::1]:4223": "nats://token@[fd00::1]:4223",
		"[::1]:5":                     "nats://[::1]:5",
	} {
		u, err := parseServer(text)
		if err != nil || u.String() != want {
			t.Errorf("%q is read as %v (%v)", text, u, err)
		}
	}
	for text, want := range map[string]string{
		"":                        "no host name",
		":4222":                   "no host name",
		"http://a":                "scheme",
		"a:0":                     "port",
		"a:65536":                 "port",
		"a:x":                     "host:port",
		"a:1/x":                   "nothing may follow",
		"nats://u:secret@a:1?x=y": "nothing may follow",
		"nats://u:secret@a:x":     "host:port",
		"nats://u:secret@a:99999": "port",
		"a b":                     "host:port",
	} {
		_, err := parseServer(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseServer(f *testing.F) {
	for _, text := range []string{"a:1", "nats://u:p@[::1]:2", "tls://x", "://", "nats://%", "a:1:2", "[::1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseServer(text)
		if err != nil {
			return
		}
		again, err := parseServer(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q is read as %q, and that as %v (%v)", text, u, again, err)
		}
	})
}
