package tcpstore

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Options says where a server listens and what it takes. The zero value listens
// on every interface, on any free port.
type Options struct {
	// Addr is host:port. Port 0 is any free port, an empty host every interface,
	// IPv6 and IPv4 alike. An empty Addr is ":0".
	Addr string

	// Reserved is a key prefix, compared with the keys as they are sent, that
	// [Server.Reset] leaves alone. Empty reserves nothing. The keys of torch
	// clients begin with "/" ("init/" excepted), so that a prefix without one is
	// out of the workers' way.
	Reserved string

	MaxKey   int   // longest key, in bytes; 0 means DefaultMaxKey
	MaxValue int   // longest value in a request, in bytes; 0 means DefaultMaxValue
	MaxKeys  int   // keys in one request; 0 means DefaultMaxKeys
	MaxConns int   // open connections; 0 means DefaultMaxConns. Never more than RLIMIT_NOFILE leaves room for
	MaxBytes int64 // memory for all keys, values, queues, waits and requests under way, in bytes; 0 means DefaultMaxBytes
}

// The limits of torch's own server, and ours where it has none.
const (
	DefaultMaxKey   = 8 << 10
	DefaultMaxValue = 8 << 20
	DefaultMaxKeys  = 128 << 10
	DefaultMaxConns = 64 << 10
	DefaultMaxBytes = 1 << 30
)

func (o Options) withDefaults() (Options, error) {
	if o.Addr == "" {
		o.Addr = ":0"
	}
	if _, _, err := net.SplitHostPort(o.Addr); err != nil {
		return o, fmt.Errorf("%w; want host:port, with port 0 for any free one", err)
	}
	if o.MaxKey < 0 || o.MaxValue < 0 || o.MaxKeys < 0 || o.MaxConns < 0 || o.MaxBytes < 0 {
		return o, fmt.Errorf("a limit is negative: key %d, value %d, keys %d, connections %d, bytes %d; want 0 for the default",
			o.MaxKey, o.MaxValue, o.MaxKeys, o.MaxConns, o.MaxBytes)
	}
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&o.MaxKey, DefaultMaxKey)
	or(&o.MaxValue, DefaultMaxValue)
	or(&o.MaxKeys, DefaultMaxKeys)
	or(&o.MaxConns, DefaultMaxConns)
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	o.MaxConns = min(o.MaxConns, descriptorsLeft())
	return o, nil
}

// descriptorsLeft is how many connections the limit on open files allows, with
// some left for the rest of the program.
func descriptorsLeft() int {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil || l.Cur > 1<<30 {
		return 1 << 30
	}
	return int(max(1, l.Cur-min(l.Cur/2, 128)))
}
