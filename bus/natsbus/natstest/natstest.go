// Package natstest starts real NATS servers, built from the module that this one
// requires, for tests.
package natstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// patience is for machines that do much else.
const patience = 3 * time.Minute

// program is the server; go builds it once and keeps it in its cache.
var program = sync.OnceValues(func() (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", "tool", "-n", "nats-server")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building nats-server: %w: %s", err, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
})

// Server starts a NATS server with JetStream on loopback, and with more arguments
// if given, and returns its URL. It ends with the test.
func Server(t testing.TB, args ...string) string {
	t.Helper()
	s, err := launch(t, append([]string{"-js"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return s.url
}

// Cluster starts three NATS servers that are one cluster with JetStream, and waits
// until it keeps things three times. kill ends one as a crash does.
func Cluster(t testing.TB) (urls []string, kill func(i int)) {
	t.Helper()
	servers, err := cluster(t)
	// Others can have taken a port since it was found free.
	for range 4 {
		if err == nil {
			break
		}
		t.Logf("another cluster is started: %v", err)
		servers, err = cluster(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		urls = append(urls, s.url)
	}
	waitForThree(t, urls)
	return urls, func(i int) { servers[i].kill() }
}

// cluster starts the servers of a cluster, or none.
func cluster(t testing.TB) ([]*server, error) {
	t.Helper()
	const size = 3
	var routes []string
	for _, port := range testpeer.FreePorts(t, size) {
		routes = append(routes, "nats://127.0.0.1:"+strconv.Itoa(port))
	}
	var servers []*server
	for i, route := range routes {
		s, err := launch(t, "-js", "--name", fmt.Sprint("s", i), "--cluster_name", "c",
			"--cluster", route, "--routes", strings.Join(routes, ","))
		if err != nil {
			for _, s := range servers {
				s.kill()
			}
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}

// waitForThree makes a stream with three copies, as soon as that can be done.
func waitForThree(t testing.TB, urls []string) {
	t.Helper()
	nc, err := nats.Connect(strings.Join(urls, ","), nats.Timeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	const name = "natstest"
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		err := func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{name}, Storage: jetstream.MemoryStorage, Replicas: 3})
			if err != nil {
				return err
			}
			info, err := stream.Info(ctx)
			if err != nil {
				return err
			}
			for _, r := range info.Cluster.Replicas {
				if !r.Current {
					return fmt.Errorf("replica %s is not current", r.Name)
				}
			}
			return js.DeleteStream(ctx, name)
		}()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the cluster is not ready: %v", err)
		}
	}
}

// A server is one NATS server that was started.
type server struct {
	url   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// kill ends the server, if it has not, and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// launch starts a server and waits until it listens. The error of one that does not
// has what it said.
func launch(t testing.TB, args ...string) (*server, error) {
	t.Helper()
	path, err := program()
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	args = append([]string{"-a", "127.0.0.1", "-p", "-1", "--store_dir", filepath.Join(dir, "store"), "--ports_file_dir", dir}, args...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = endWithParent()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.kill)
	portsFile := filepath.Join(dir, fmt.Sprintf("%s_%d.ports", filepath.Base(path), s.cmd.Process.Pid))
	for end := time.Now().Add(patience); ; {
		var ports struct {
			Nats []string `json:"nats"`
		}
		text, err := os.ReadFile(portsFile)
		if err == nil {
			err = json.Unmarshal(text, &ports) // fails while it is being written
		}
		if err == nil && len(ports.Nats) > 0 {
			s.url = ports.Nats[0]
			return s, nil
		}
		what := ""
		select {
		case <-s.ended:
			what = s.cmd.ProcessState.String()
		case <-time.After(10 * time.Millisecond):
			if time.Now().Before(end) {
				continue
			}
			s.kill()
			what = fmt.Sprintf("not within %v: %v", patience, err)
		}
		said, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("nats-server does not listen: %s\n%s", what, said)
	}
}
