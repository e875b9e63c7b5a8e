package testpeer

import (
	"net"
	"testing"
)

// FreePorts finds TCP ports on which nobody listens on 127.0.0.1 now, all different.
// Who is given one may still find that another was faster.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
