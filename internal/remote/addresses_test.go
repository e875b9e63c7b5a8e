package remote

import (
	"net"
	"reflect"
	"testing"
)

func TestAddresses(t *testing.T) {
	var ifs []net.Addr
	for _, s := range []string{"127.0.0.1/8", "::1/128", "fe80::1/64", "2001:db8::5/64", "10.0.0.5/24", "192.168.7.2/24"} {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		n.IP = ip
		ifs = append(ifs, n)
	}
	for connection, want := range map[string][]string{
		"":                            {"127.0.0.1", "10.0.0.5", "192.168.7.2", "::1", "2001:db8::5"},
		"9.9.9.9 5 192.168.7.2 22":    {"127.0.0.1", "192.168.7.2", "10.0.0.5", "::1", "2001:db8::5"},
		"::1 5 ::ffff:203.0.113.9 22": {"127.0.0.1", "203.0.113.9", "10.0.0.5", "192.168.7.2", "::1", "2001:db8::5"},
		"garbage":                     {"127.0.0.1", "10.0.0.5", "192.168.7.2", "::1", "2001:db8::5"},
	} {
		if got := addresses(connection, ifs); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v", connection, got)
		}
	}
}

func TestProbe(t *testing.T) {
	b, err := newBeacon()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newBeacon()
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	p := Probe{Addrs: []string{"127.0.0.1", "127.0.0.2", "not an address"}, Port: b.port, Nonce: b.nonce}
	if got := probe(t.Context(), p); !reflect.DeepEqual(got, []string{"127.0.0.1", "127.0.0.2"}) {
		t.Errorf("%v", got)
	}
	// Somebody else answers there.
	if got := probe(t.Context(), Probe{Addrs: p.Addrs[:1], Port: other.port, Nonce: b.nonce}); got != nil {
		t.Errorf("another one: %v", got)
	}
	b.close()
	if got := probe(t.Context(), p); got != nil {
		t.Errorf("nobody: %v", got)
	}
}
