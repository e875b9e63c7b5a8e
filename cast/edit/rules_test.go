package edit

import (
	"slices"
	"strings"
	"testing"
)

func TestBuiltin(t *testing.T) {
	const pem = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nMIIEpAIBAAKCAQEA1234567890abcdefghijklmnopqrstuvwxyz+/\r\nAbCd==\r\n-----END RSA PRIVATE KEY-----\r\n$ "
	cases := []struct {
		rule string
		find []string // what is between < and > is hidden, and nothing else
		pass []string
	}{
		{"aws", []string{
			"id <AKIAIOSFODNN7EXAMPLE>.", "<ASIAIOSFODNN7EXAMPLE>",
			"aws_secret_access_key = <wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY>", "AWS_SECRET_ACCESS_KEY=\"<wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY>\"",
		}, []string{"AKIA", "xAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE2", "akiaiosfodnn7example", "aws_secret_access_key = short"}},
		{"bearer", []string{
			"curl -H 'Authorization: Bearer <abcDEF123>'", "bearer <abcdefghijklmnopqrst012345==>", "authorization: basic <dXNlcjpwYXNz>", `"Authorization": "token <abc>"`,
		}, []string{"bearer authentication", "the bearer of news", "basic understanding"}},
		{"email", []string{"<a.b+c@example.co.uk>,", "git clone <git@host.example>:x/y"}, []string{"user@host", "@decorator", "a @ b.example", "x@.com"}},
		{"github", []string{"<ghp_" + strings.Repeat("aB3", 12) + ">", "<github_pat_11ABCDEFG0123456789abcdef_xyz>", "<gho_" + strings.Repeat("x", 40) + "> "},
			[]string{"ghp_short", "github_pat_", "xghp_" + strings.Repeat("a", 36)}},
		{"ipv4", []string{"ping <10.0.0.1>: ok", "<255.255.255.255>", "(<192.168.1.254>:80)"}, []string{"1.2.3", "256.1.1.1", "1.2.3.456", "10.0.0", "3.14"}},
		{"ipv6", []string{"<2001:db8::8a2e:370:7334>", "<fe80::1>%eth0", "<2001:0db8:85a3:0000:0000:8a2e:0370:7334>", "[<fd00::>]/8"},
			[]string{"12:30:45", "aa:bb:cc:dd:ee:ff", "std::vector", "::", "a::b", "deadbeef"}},
		{"jwt", []string{"<eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U>"}, []string{"eyJhbGciOiJIUzI1NiJ9", "eyJh.eyJz.abc", "a.b.c"}},
		{"password-assignments", []string{
			"export DB_PASSWORD=<hunter2>", "password: <x>", `"api_key": "<a b c>",`, "--token='<it is>'", "client-secret := <abc>;", "https://me:<pw>@host/x", "PGPASSWD=<a> b", "SECRET_KEY_BASE=<0123>",
		}, []string{"password", "Password:", "a == b", "tokenize(x)", "secret == x", "passwordless", "http://host:80/x@y", "TOKEN="}},
		{"private-key", []string{
			"-----BEGIN PRIVATE KEY-----\n<MIIEvQIBADANBgkqhkiG9w0BAQEF>\n<ab=>\n-----END PRIVATE KEY-----",
			`"-----BEGIN EC PRIVATE KEY-----<\nMIIEvQ\n>-----END EC PRIVATE KEY-----\n"`,
			"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n<lQOYBGPabcdefghijklmnop>\n<=abcd>\n-----END",
		}, []string{"-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n", "-----BEGIN PRIVATE KEY-----\n$ ls -l\n", "PRIVATE KEY"}},
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.rule)
		r, err := Builtin(c.rule)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.find {
			in := strings.NewReplacer("<", "", ">", "").Replace(s)
			if got := datas(redacted(t, r, outputs(in))); got != stars(s) {
				t.Errorf("%s: %q becomes %q, want %q", c.rule, in, got, stars(s))
			}
			// And one byte after the other, as if it was typed.
			if got := strings.ReplaceAll(datas(redacted(t, r, outputs(strings.Split(in, "")...))), "|", ""); got != stars(s) {
				t.Errorf("%s in bytes: %q becomes %q, want %q", c.rule, in, got, stars(s))
			}
		}
		for _, s := range c.pass {
			if got := datas(redacted(t, r, outputs(s))); got != s {
				t.Errorf("%s: %q becomes %q", c.rule, s, got)
			}
		}
	}
	if !slices.Equal(names, BuiltinNames()) {
		t.Errorf("the rules are %v, those tested %v", BuiltinNames(), names)
	}
	r, _ := Builtin("private-key")
	got := datas(redacted(t, r, outputs(pem)))
	for _, s := range []string{"MII", "AbCd", "ENCRYPTED"} {
		if strings.Contains(got, s) {
			t.Errorf("%s is left of the key: %q", s, got)
		}
	}
	if !strings.HasSuffix(got, "\r\n-----END RSA PRIVATE KEY-----\r\n$ ") || strings.Count(got, "\r\n") != strings.Count(pem, "\r\n") {
		t.Errorf("more than the key is gone: %q", got)
	}
}

// stars hides what is between < and >.
func stars(s string) string {
	var b strings.Builder
	hide := false
	for _, r := range s {
		switch {
		case r == '<':
			hide = true
		case r == '>':
			hide = false
		case hide:
			b.WriteByte('*')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
