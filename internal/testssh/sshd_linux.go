package testssh

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
	"github.com/sluicerun/sluice/internal/testnet"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// Sshd is a running server, or one on each machine of a network.
type Sshd struct {
	dir     string
	servers []*exec.Cmd
	stop    sync.Once
}

// Start starts a server on a port of loopback. To clients with its configuration
// it is the hosts a, b and c; they log in as the user who runs the test. The
// server ends with the test, with all that was started through it and has not
// become another's child.
func Start(t testing.TB) *Sshd {
	t.Helper()
	s := prepare(t)
	// A port that is free now may be another's a moment later.
	for try := 1; ; try++ {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		l.Close()
		dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
		err = s.serve(exec.Command, "127.0.0.1", port, dial)
		if err == nil {
			s.configure(t, fmt.Sprintf("Host a b c\n\tHostName 127.0.0.1\n\tPort %s\n\tHostKeyAlias %s\n", port, hostAlias))
			return s
		}
		if try == 5 {
			t.Fatal(err)
		}
	}
}

// StartOn starts a server on each of these machines, at port 22 of its address.
// The configuration is for clients on machines of the same network, who call
// them by their names.
func StartOn(t testing.TB, hosts ...*testnet.Host) *Sshd {
	t.Helper()
	s := prepare(t)
	var names []string
	for _, h := range hosts {
		command := func(name string, args ...string) *exec.Cmd { return h.Command(context.Background(), name, args...) }
		dial := func() (conn net.Conn, err error) {
			h.Do(t, func() { conn, err = net.Dial("tcp", net.JoinHostPort(h.Addr().String(), "22")) })
			return conn, err
		}
		if err := s.serve(command, h.Addr().String(), "22", dial); err != nil {
			t.Fatalf("on machine %s: %v", h.Name(), err)
		}
		names = append(names, h.Name())
	}
	s.configure(t, fmt.Sprintf("Host %s\n\tHostKeyAlias %s\n", strings.Join(names, " "), hostAlias))
	return s
}

// Config is the path of the configuration for `ssh -F`.
func (s *Sshd) Config() string { return filepath.Join(s.dir, "config") }

// Stop ends the servers, and with them the sessions: connections break.
func (s *Sshd) Stop() {
	s.stop.Do(func() {
		for _, server := range s.servers {
			killTree(server.Process.Pid)
			server.Wait()
		}
	})
}

// hostAlias is the name under which known_hosts has the server's key.
const hostAlias = "sluice-test"

// prepare makes keys for the server and the client.
func prepare(t testing.TB) *Sshd {
	t.Helper()
	testpeer.Need(t, "ssh", "openssh-client")
	keygen := testpeer.Need(t, "ssh-keygen", "openssh-client")
	testpeer.Need(t, "sshd", "openssh-server")
	if os.Geteuid() == 0 {
		// Debian makes it when the service starts.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &Sshd{dir: t.TempDir()}
	t.Cleanup(s.Stop)
	for _, key := range []string{"host", "id"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("making a key: %v\n%s", err, out)
		}
	}
	return s
}

// serve starts a server and waits until it answers.
func (s *Sshd) serve(command func(string, ...string) *exec.Cmd, addr, port string, dial func() (net.Conn, error)) error {
	path, err := exec.LookPath("sshd") // it wants its full name
	if err != nil {
		return err
	}
	line := []string{"-D", "-e", "-f", "/dev/null"}
	for _, option := range []string{
		"ListenAddress=" + addr, "Port=" + port, "PidFile=none",
		"HostKey=" + filepath.Join(s.dir, "host"), "AuthorizedKeysFile=" + filepath.Join(s.dir, "id.pub"),
		// The directories above may be anybody's, and there may be no PAM.
		"StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PasswordAuthentication=no", "UseDNS=no",
		// Tests start many sessions at once.
		"MaxStartups=1000", "MaxSessions=1000",
	} {
		line = append(line, "-o", option)
	}
	var log bytes.Buffer
	cmd := command(path, line...)
	cmd.Stderr = &log
	// Sessions inherit stderr and may outlive the server.
	cmd.WaitDelay = 5 * time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := greeted(dial)
		if err == nil {
			s.servers = append(s.servers, cmd)
			return nil
		}
		stat, gone := procfs.FS("/proc").Stat(cmd.Process.Pid)
		if gone != nil || stat.Dead() || time.Now().After(end) {
			cmd.Process.Kill()
			cmd.Wait()
			return fmt.Errorf("sshd does not answer on %s port %s: %w\n%s", addr, port, err, log.String())
		}
	}
}

// greeted tells whether an SSH server answers.
func greeted(dial func() (net.Conn, error)) error {
	conn, err := dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	hello := make([]byte, 4)
	if _, err := conn.Read(hello); err != nil {
		return err
	}
	if string(hello) != "SSH-" {
		return fmt.Errorf("something else answers: %q", hello)
	}
	return nil
}

// configure writes the client's configuration.
func (s *Sshd) configure(t testing.TB, hosts string) {
	t.Helper()
	pub, err := os.ReadFile(filepath.Join(s.dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(s.dir, "known_hosts")
	config := hosts + fmt.Sprintf(`
Host *
	IdentityFile %s
	IdentitiesOnly yes
	IdentityAgent none
	UserKnownHostsFile %s
	GlobalKnownHostsFile /dev/null
	StrictHostKeyChecking yes
	BatchMode yes
`, filepath.Join(s.dir, "id"), known)
	for path, text := range map[string]string{known: hostAlias + " " + string(pub), s.Config(): config} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// killTree ends a process and all below it: each session of sshd is one of its
// own. They stop before they die, so that none has a child that is not seen.
func killTree(pid int) {
	unix.Kill(pid, unix.SIGSTOP)
	all, err := procfs.FS("/proc").PIDs()
	if err == nil {
		for _, child := range all {
			if stat, err := procfs.FS("/proc").Stat(child); err == nil && stat.PPid == pid && !stat.Dead() {
				killTree(child)
			}
		}
	}
	unix.Kill(pid, unix.SIGKILL)
}
