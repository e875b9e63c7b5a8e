package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// start measures real nodes, all on this machine: from their start to the end of
// the last one, with workers that do nothing.
func (m *measurement) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "nodes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []time.Duration
	for range m.rounds {
		took, err := m.processes(ctx, dir)
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	return m.tell(fmt.Sprintf("%d x sluice run --nodes %[1]d /bin/true on one machine", m.agents), spread(all), "",
		result.Median(all).Seconds()*1e3/float64(m.agents), "%.1f ms per node")
}

func (m *measurement) processes(ctx context.Context, dir string) (time.Duration, error) {
	at, err := freeAddr()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = each(m.agents, func(i int) error {
		home := filepath.Join(dir, strconv.Itoa(i))
		if err := os.MkdirAll(home, 0o700); err != nil {
			return err
		}
		return m.node(ctx, home, at, "--", "/bin/true")
	})
	return time.Since(began), err
}

// node runs one node, whose directories lie in home, and waits for its end.
func (m *measurement) node(ctx context.Context, home, at string, args ...string) error {
	args = append([]string{"run", "--nodes", strconv.Itoa(m.agents), "--rendezvous", at, "--quiet"}, args...)
	cmd := exec.CommandContext(ctx, m.sluice, args...)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+home, "XDG_RUNTIME_DIR="+home)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the node in %s: %w: %s", home, err, bytes.TrimSpace(out))
	}
	return nil
}

// freeAddr is an address of this machine where nobody listens.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// inits tells what the packages of the program do before main.
func (m *measurement) inits(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, m.sluice, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s version: %w: %s", m.sluice, err, bytes.TrimSpace(trace.Bytes()))
	}
	var all, engine float64
	var names []string
	for lines := bufio.NewScanner(&trace); lines.Scan(); {
		// init PACKAGE @T ms, C ms clock, B bytes, N allocs
		f := strings.Fields(lines.Text())
		if len(f) < 6 || f[0] != "init" {
			continue
		}
		ms, err := strconv.ParseFloat(f[4], 64)
		if err != nil {
			continue
		}
		all += ms
		if strings.HasPrefix(f[1], "github.com/nats-io/") || strings.Contains(f[1], "natsbus") {
			engine += ms
			names = append(names, fmt.Sprintf("%s %s", f[1], strconv.FormatFloat(ms, 'f', -1, 64)))
		}
	}
	fmt.Fprintf(m.out, "of NATS, in ms: %s\n", strings.Join(names, ", "))
	return m.tell("init of all packages, and of NATS among them", fmt.Sprintf("%.2f ms", all), "", engine, "%.2f ms")
}
