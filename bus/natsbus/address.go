package natsbus

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// defaultPort is the one that NATS has at IANA.
const defaultPort = "4222"

// parseServer reads "host:port" or a URL of NATS: nats://user:password@host:port,
// nats://token@host, tls://host.
func parseServer(text string) (*url.URL, error) {
	full := text
	if !strings.Contains(text, "://") {
		full = "nats://" + text
	}
	u, err := url.Parse(full)
	if err != nil {
		// The text of err has the URL in it, and that may have a password.
		return nil, fmt.Errorf("a server's address is host:port or nats://host:port, and one given cannot be read as either")
	}
	shown := strings.TrimPrefix(u.Redacted(), "nats://")
	switch {
	case u.Scheme != "nats" && u.Scheme != "tls":
		return nil, fmt.Errorf("server %s: its scheme may be nats or tls, not %q", shown, u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("server %q has no host name", shown)
	case strings.Contains(u.Hostname(), ":") && !isIP(u.Hostname()):
		return nil, fmt.Errorf("server %s: it is host:port, with brackets around an IPv6 address", shown)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("server %s: nothing may follow the port", shown)
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("server %s: a port is a number from 1 to 65535", shown)
	}
	return &url.URL{Scheme: u.Scheme, User: u.User, Host: net.JoinHostPort(u.Hostname(), port)}, nil
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
