package session

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// listening tells whether somebody waits for connections on a TCP port of this
// machine. Where /proc says so nobody is disturbed; elsewhere one is tried.
func listening(port int) bool {
	known := false
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		known = true
		found := listens(bufio.NewScanner(f), port)
		f.Close()
		if found {
			return true
		}
	}
	if known {
		return false
	}
	c, err := net.DialTimeout("tcp", fmt.Sprintf("localhost:%d", port), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// tcpListen is TCP_LISTEN of the kernel (include/net/tcp_states.h), as
// proc_net_tcp(5) shows it.
const tcpListen = "0A"

func listens(sc *bufio.Scanner, port int) bool {
	for sc.Scan() {
		// sl local_address rem_address st ...
		f := strings.Fields(sc.Text())
		if len(f) < 4 || f[3] != tcpListen {
			continue
		}
		_, hex, ok := strings.Cut(f[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); ok && err == nil && int(n) == port {
			return true
		}
	}
	return false
}
