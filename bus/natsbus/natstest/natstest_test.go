package natstest

import (
	"net"
	"strings"
	"testing"
)

// A server whose port for the others of its cluster was taken meanwhile says so at
// once, so that its cluster can be started again on other ports.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	route := "nats://" + l.Addr().String()
	s, err := launch(t, "-js", "--name", "s0", "--cluster_name", "c", "--cluster", route, "--routes", route)
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("%v, %v", s, err)
	}
}
