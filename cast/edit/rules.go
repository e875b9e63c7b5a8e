package edit

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// builtin are the rules that have a name.
var builtin = map[string][]string{
	"aws": {
		`\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b`,
		`(?i)\baws_?(?:secret_?access_?key|session_?token|secret_?key)["']?[ \t]*[:=][ \t]*["']?(?P<secret>[A-Za-z0-9/+=]{40,})`,
	},
	"bearer": {
		`(?i)\bbearer[ \t]+(?P<secret>[A-Za-z0-9._~+/-]{20,}=*)`,
		`(?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?(?:basic|bearer|token|digest|negotiate)[ \t]+(?P<secret>[^\s"']+)`,
	},
	"email": {`\b[A-Za-z0-9][A-Za-z0-9._%+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b`},
	"github": {
		`\bgh[pousr]_[A-Za-z0-9]{36,}`,
		`\bgithub_pat_[A-Za-z0-9_]{22,}`,
	},
	"ipv4": {`\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b`},
	"ipv6": {
		`(?i)\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b`,
		`(?i)\b(?:[23][0-9a-f]{3}|fe[89ab][0-9a-f]|f[cdf][0-9a-f]{2}|64:ff9b)(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?`,
	},
	"jwt": {`\beyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*`},
	"password-assignments": {
		secretKey + `"(?P<secret>[^"\n]+)`,
		secretKey + `'(?P<secret>[^'\n]+)`,
		secretKey + `(?P<secret>[^\s"'=&;|,)}\]][^\s"'&;|,]*)`,
		`(?i)\b[a-z][a-z0-9+.-]*://[^/\s:@]*:(?P<secret>[^/\s@]+)@`,
	},
	"private-key": {
		`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?s:\n[ \t]*(?:[A-Za-z0-9+/=]{20,}|[A-Za-z][A-Za-z-]*: [^\n]*$|[A-Za-z0-9+/=]*[ \t]*$))+)`,
		`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:\\[nr]|[A-Za-z0-9+/= \t])+)`,
	},
}

// secretKey is a name that promises a secret, and what stands between it and the
// value.
const secretKey = `(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|credentials?)[a-z0-9_-]*["']?[ \t]*(?::|:?=)[ \t]*`

// Builtin returns the rules of that name, which hide what they find behind stars:
//
//   - aws: access key IDs, and secret keys and session tokens that are called so
//   - bearer: bearer tokens, and what stands in Authorization headers
//   - email: addresses of mail, also of SSH remotes (git@host.example)
//   - github: tokens of GitHub
//   - ipv4: addresses in four parts; version numbers of four parts look the same
//   - ipv6: addresses in full, and short ones that are global, local to a link or a
//     site, or multicast
//   - jwt: JSON web tokens
//   - password-assignments: the value in KEY=value and "key": "value" where the key
//     says that it is a password, a secret, a token or a key; passwords in URLs
//   - private-key: the body of PEM and PGP private keys
//
// They find nothing more in what they have redacted.
func Builtin(name string) ([]Rule, error) {
	exprs, ok := builtin[name]
	if !ok {
		return nil, fmt.Errorf("%q is no rule for what is secret: there are %s", name, strings.Join(BuiltinNames(), ", "))
	}
	var rules []Rule
	for _, e := range exprs {
		rules = append(rules, Rule{Re: regexp.MustCompile(e)})
	}
	return rules, nil
}

// BuiltinNames are the names that [Builtin] knows, sorted.
func BuiltinNames() []string { return slices.Sorted(maps.Keys(builtin)) }
