package natsbus

import (
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// Who is turned away, and why, is told on the server's side too.
func TestTurnedAway(t *testing.T) {
	told := make(chan string, 10)
	s := serve(t, ServerOptions{Addr: "127.0.0.1:0", RunID: "7", Token: "right", Log: func(line string) { told <- line }})
	says := func(what string) {
		t.Helper()
		select {
		case line := <-told:
			if !strings.Contains(line, what) {
				t.Errorf("it says %q, not %q", line, what)
			}
		case <-soon(t).Done():
			t.Errorf("it never says %q", what)
		}
	}

	if nc, err := nats.Connect("nats://"+s.Addr().String(), nats.Token("wrong")); err == nil {
		nc.Close()
		t.Error("a wrong token does")
	}
	says("its token is not this run's")

	// The beginning of what torch's TCPStore client sends.
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("\x01\x17\x00\x00\x00\x00\x00\x00\x00/torch.rendezvous.none")); err != nil {
		t.Fatal(err)
	}
	says(c.LocalAddr().String() + " was turned away: it is not sluice")
}
