package torchargs

import (
	"net/netip"
	"strings"
	"unicode"
)

// conf reads K=V,K=V. A value may hold "=", but no comma. Blank text is no
// setting at all.
func (v setting) conf() (map[string]string, error) {
	const allowed = "write K=V,K=V"
	conf := map[string]string{}
	if strings.TrimSpace(v.text) == "" {
		return conf, nil
	}
	for item := range strings.SplitSeq(v.text, ",") {
		key, value, _ := strings.Cut(item, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case key == "":
			return nil, v.errorf(allowed, "%s: a key is missing", shown(v.text))
		case value == "":
			return nil, v.errorf(allowed, "%s: the value of %s is missing", shown(v.text), shown(key))
		}
		conf[key] = value
	}
	return conf, nil
}

// parseEndpoint reads HOST[:PORT], with IPv6 in brackets, which are not part of
// the answer. Blank text is localhost.
func parseEndpoint(s string, defaultPort int) (host string, port int, err *UsageError) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "localhost", defaultPort, nil
	}
	if strings.HasPrefix(s, "nats://") {
		return "", 0, usagef("to meet at servers of NATS give --rendezvous "+s+" instead", "%s: it is no HOST[:PORT]", shown(s))
	}
	host, port = s, defaultPort
	inBrackets := strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !inBrackets {
		var ok bool
		if port, ok = portOf(s[i+1:]); !ok {
			return "", 0, usagef("write HOST:PORT with a port of 0 to 65535, or HOST alone; IPv6 in brackets: [::1]:29400",
				"%s: %s is no port", shown(s), shown(s[i+1:]))
		}
		host = s[:i]
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") && len(host) > 1 {
		host = host[1 : len(host)-1]
		inBrackets = true
	}
	if _, perr := netip.ParseAddr(s); perr == nil && strings.Contains(s, ":") && !inBrackets {
		return "", 0, usagef("an IPv6 address goes into brackets: ["+s+"] or ["+s+"]:29400", "%s: the port cannot be told from the address", shown(s))
	}
	outside := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("_.:-", r)
	}
	if host == "" || strings.ContainsFunc(host, outside) {
		return "", 0, usagef("write a host name or an address, IPv6 in brackets", "%s: %s is no host", shown(s), shown(host))
	}
	// torchrun would take ::1 for the host ":" and the port 1.
	if strings.Contains(host, ":") {
		if _, perr := netip.ParseAddr(host); perr != nil {
			return "", 0, usagef("write IPv6 in brackets: [::1]:29400", "%s: %s is no host", shown(s), shown(host))
		}
	}
	return host, port, nil
}

// Endpoint reads HOST[:PORT]; without a port it is DefaultC10dPort.
func Endpoint(s string) (host string, port int, err error) {
	host, port, usage := parseEndpoint(s, DefaultC10dPort)
	if usage != nil {
		return "", 0, usage
	}
	return host, port, nil
}

// portOf reads up to five digits.
func portOf(s string) (int, bool) {
	if s == "" || len(s) > 5 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := parseInt(s)
	return n, err == nil && n <= 65535
}
