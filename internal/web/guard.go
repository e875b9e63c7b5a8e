package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// guard decides whose requests are answered.
//
// Without a token a request must name this server as only somebody on this
// machine would: else a page from anywhere, whose name its owner lets lead to
// 127.0.0.1, could look at the session (DNS rebinding). Such a page cannot know a
// token, so with one every name will do.
type guard struct {
	token string
	// Names without port, in lower case: all that are ours, and those of proxies,
	// which may have put another one into the request.
	hosts, proxies map[string]bool
}

func newGuard(addr net.Addr, token string, hosts []string) guard {
	g := guard{
		token:   token,
		hosts:   map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true},
		proxies: map[string]bool{},
	}
	if host, _, err := net.SplitHostPort(addr.String()); err == nil {
		g.hosts[host] = true
	}
	for _, h := range hosts {
		g.hosts[strings.ToLower(h)], g.proxies[strings.ToLower(h)] = true, true
	}
	return g
}

// base is the path under which everything lies, with a slash at both ends.
func (g guard) base() string {
	if g.token == "" {
		return "/"
	}
	return "/" + g.token + "/"
}

// check returns the path below base, or a status and a text for the refusal.
func (g guard) check(r *http.Request) (path string, status int, why string) {
	path = strings.TrimPrefix(r.URL.Path, "/")
	if g.token != "" {
		first, rest, _ := strings.Cut(path, "/")
		// Of the same length, whatever was sent.
		got, want := sha256.Sum256([]byte(first)), sha256.Sum256([]byte(g.token))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return "", http.StatusForbidden, "the URL needs its token: open it as it was printed"
		}
		path = rest
	} else if !g.hosts[hostOf(r.Host)] {
		return "", http.StatusForbidden, "this server does not answer for that host name"
	}
	if !g.sameOrigin(r) {
		return "", http.StatusForbidden, "this server does not answer pages of another origin"
	}
	return path, 0, ""
}

// sameOrigin tells whether a request is from our own page, or from none.
func (g guard) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		// A page's picture or script has no Origin, but newer browsers tell.
		site := r.Header.Get("Sec-Fetch-Site")
		return site != "cross-site" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
	}
	_, host, ok := strings.Cut(origin, "://")
	return ok && (strings.EqualFold(host, r.Host) || g.proxies[hostOf(host)])
}

// hostOf is a host name without its port and without brackets.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(hostport, "[]"), "."))
}
