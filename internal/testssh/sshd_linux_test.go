package testssh

import (
	"net"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluicerun/sluice/internal/procfs"
	"github.com/sluicerun/sluice/internal/testnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if stat, err := procfs.FS("/proc").Stat(pid); err != nil || stat.Dead() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("process %d is left", pid)
		}
	}
}

func TestCommandsRun(t *testing.T) {
	s := Start(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"a", "b", "c"} {
		cmd := exec.Command("ssh", "-F", s.Config(), host, "id -un; cat; exit 3")
		cmd.Stdin = strings.NewReader("in\n")
		out, err := cmd.CombinedOutput()
		if string(out) != me.Username+"\nin\n" || cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("%s: %q, %v", host, out, err)
		}
	}
	if out, err := exec.Command("ssh", "-F", s.Config(), "other.invalid", "true").CombinedOutput(); err == nil {
		t.Errorf("another host: %s", out)
	}
}

func TestStopEndsSessions(t *testing.T) {
	s := Start(t)
	cmd := exec.Command("ssh", "-F", s.Config(), "a", "echo $$; exec sleep 1000")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 20)
	size, _ := out.Read(b)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:size])))
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 255 {
		t.Errorf("the client: %v", err)
	}
	gone(t, pid)
	if err := exec.Command("ssh", "-F", s.Config(), "a", "true").Run(); err == nil {
		t.Error("somebody answers")
	}
	s.Stop() // again, as the end of the test does
}

func TestOnMachines(t *testing.T) {
	n := testnet.New(t, "n1", "n2")
	s := StartOn(t, n.Host("n1"), n.Host("n2"))
	for from, to := range map[string]string{"n1": "n2", "n2": "n1"} {
		out, err := n.Host(from).Command(t.Context(), "ssh", "-F", s.Config(), to, "uname -n; echo $SSH_CONNECTION").CombinedOutput()
		want := to + "\n" + n.Host(from).Addr().String() + " "
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%v\n%s", err, out)
		}
	}
	n.Cut("n2")
	cmd := n.Host("n1").Command(t.Context(), "ssh", "-F", s.Config(), "-o", "ConnectTimeout=1", "n2", "true")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 255 {
		t.Errorf("a cut link: %v\n%s", cmd.ProcessState, out)
	}
	s.Stop()
	for _, name := range []string{"n1", "n2"} {
		if left := n.Host(name).Processes(); len(left) > 0 {
			t.Errorf("left on %s: %v", name, left)
		}
	}
}

// A server that cannot start says why.
func TestBusyPort(t *testing.T) {
	s := prepare(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	err = s.serve(exec.Command, "127.0.0.1", port, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
	if err == nil || !strings.Contains(err.Error(), "Address already in use") {
		t.Errorf("%v", err)
	}
}
