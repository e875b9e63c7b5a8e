package tcpstore

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDescriptorsHelper is the server of TestOutOfDescriptors, in a process of its
// own that may open few files. In any other it has nothing to do.
func TestDescriptorsHelper(t *testing.T) {
	if os.Getenv("TCPSTORE_FEW_DESCRIPTORS") == "" {
		return
	}
	s := listen(t, Options{})
	l := unix.Rlimit{Cur: 40, Max: 40}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	fmt.Println(s.Addr())
	io.Copy(io.Discard, os.Stdin)
	fmt.Println("dropped", s.Stats().Dropped, s.Stats().Last)
}

// A client that comes when there is no descriptor left is hung up on, not left
// waiting, and the others go on.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(ctx(t), os.Args[0], "-test.run=^TestDescriptorsHelper$", "-test.v")
	cmd.Env = append(os.Environ(), "TCPSTORE_FEW_DESCRIPTORS=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	addr := ""
	for addr == "" && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "127.") {
			addr = lines.Text()
		}
	}
	served, dropped := 0, 0
	for range 60 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(30 * time.Second))
		nc.Write(order.AppendUint32([]byte{byte(cmdValidate)}, magic))
		nc.Write([]byte{byte(cmdGetNumKeys)})
		_, err = io.ReadFull(nc, make([]byte, 8))
		if e, ok := err.(net.Error); ok && e.Timeout() {
			t.Fatalf("no answer to connection %d", served+dropped)
		}
		if err == nil {
			served++
		} else {
			dropped++
		}
	}
	stdin.Close()
	last := ""
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "dropped") {
			last = lines.Text()
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if served < 10 || dropped < 20 || !strings.HasPrefix(last, fmt.Sprintf("dropped %d ", dropped)) || !strings.Contains(last, "ulimit -n") {
		t.Errorf("%d served, %d dropped; the server says %q", served, dropped, last)
	}
}
