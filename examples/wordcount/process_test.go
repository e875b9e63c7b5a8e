package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// rankProcess is one started rank.
type rankProcess struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr io.ReadCloser
}

// startGang starts size real processes; size 0 means one without the launcher's
// variables.
func startGang(t *testing.T, size int, args ...string) []*rankProcess {
	t.Helper()
	var env []string
	for _, kv := range os.Environ() {
		if key, _, _ := strings.Cut(kv, "="); key != "WORLD_SIZE" && key != "RANK" {
			env = append(env, kv)
		}
	}
	env = append(env, asProgram+"=1")
	port := freePort(t)
	var gang []*rankProcess
	for rank := range max(size, 1) {
		p := &rankProcess{cmd: exec.Command(os.Args[0], args...)}
		p.cmd.Env = env
		if size > 0 {
			p.cmd.Env = append(env[:len(env):len(env)], fmt.Sprintf("RANK=%d", rank), fmt.Sprintf("WORLD_SIZE=%d", size),
				"MASTER_ADDR=localhost", fmt.Sprintf("MASTER_PORT=%d", port))
		}
		p.cmd.Stdout = &p.stdout
		var err error
		if p.stderr, err = p.cmd.StderrPipe(); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		})
		gang = append(gang, p)
	}
	return gang
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// wait reads stderr to its end and returns it with the status a shell gives.
func (p *rankProcess) wait(t *testing.T) (status int, stderr string) {
	t.Helper()
	data, err := io.ReadAll(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
	ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal()), string(data)
	}
	return ws.ExitStatus(), string(data)
}

// awaitLine reads stderr up to the line that contains want.
func (p *rankProcess) awaitLine(t *testing.T, want string) {
	t.Helper()
	var seen strings.Builder
	lines := bufio.NewScanner(p.stderr)
	for lines.Scan() {
		if strings.Contains(lines.Text(), want) {
			return
		}
		fmt.Fprintln(&seen, lines.Text())
	}
	t.Fatalf("stderr ended without %q:\n%s", want, seen.String())
}

// answerOf is what follows the progress lines.
func answerOf(stdout string) string {
	var out []string
	for line := range strings.Lines(stdout) {
		if !strings.Contains(line, "% counted") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestEveryGangGivesTheSameAnswer(t *testing.T) {
	alone := startGang(t, 0, "texts")[0]
	if status, stderr := alone.wait(t); status != 0 {
		t.Fatalf("alone: status %d\n%s", status, stderr)
	}
	want := answerOf(alone.stdout.String())
	if !strings.Contains(want, "the top 10:") || !strings.Contains(want, " the\n") {
		t.Fatalf("alone it printed no answer:\n%s", want)
	}
	checksum := want[strings.LastIndex(want, "checksum "):]
	for _, size := range []int{1, 2, 4, 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			for rank, p := range startGang(t, size, "texts") {
				status, stderr := p.wait(t)
				if status != 0 {
					t.Errorf("rank %d: status %d\n%s", rank, status, stderr)
				}
				expect := checksum
				if rank == 0 {
					expect = want
				}
				if got := answerOf(p.stdout.String()); got != expect {
					t.Errorf("rank %d printed\n%swant\n%s", rank, got, expect)
				}
				if n := strings.Count(p.stdout.String(), "% counted"); n != 4 {
					t.Errorf("rank %d printed %d lines of progress, want 4", rank, n)
				}
			}
		})
	}
}

func TestOrderedFailures(t *testing.T) {
	for how, want := range map[string]int{"exit": 3, "panic": 2, "segv": 139} {
		t.Run(how, func(t *testing.T) {
			gang := startGang(t, 3, "-linger", "1h", "-fail-rank", "1", "-fail-how", how, "texts")
			status, stderr := gang[1].wait(t)
			if status != want {
				t.Errorf("status %d, want %d\n%s", status, want, stderr)
			}
			if how == "panic" && !strings.Contains(stderr, "index out of range") {
				t.Errorf("no panic on stderr:\n%s", stderr)
			}
			// The successor notices and waits to be stopped.
			gang[2].awaitLine(t, "lost rank 1")
			if err := gang[2].cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if status, _ := gang[2].wait(t); status != 128+int(syscall.SIGTERM) {
				t.Errorf("the successor ended with %d before it was stopped", status)
			}
		})
	}
}

func TestAHangingRankHoldsTheRing(t *testing.T) {
	gang := startGang(t, 2, "-fail-rank", "1", "-fail-how", "hang", "texts")
	gang[1].awaitLine(t, "rank 1 falls silent")
	for rank, p := range gang {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatalf("rank %d: %v", rank, err)
		}
		if status, _ := p.wait(t); status != 128+int(syscall.SIGTERM) {
			t.Errorf("rank %d: status %d, want to be ended by the signal", rank, status)
		}
		if strings.Contains(p.stdout.String(), "checksum") {
			t.Errorf("rank %d has an answer without the other:\n%s", rank, p.stdout.String())
		}
	}
}

func TestALostPeerIsAnErrorInTheEnd(t *testing.T) {
	gang := startGang(t, 2, "-linger", "0s", "-fail-rank", "1", "texts")
	status, stderr := gang[0].wait(t)
	if status != 1 || !strings.Contains(stderr, "lost rank 1") {
		t.Errorf("status %d, want 1 and the lost rank:\n%s", status, stderr)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for name, args := range map[string][]string{
		"no text":     {},
		"two texts":   {"texts", "texts"},
		"a flag":      {"-no-such-flag", "texts"},
		"a way":       {"-fail-rank", "0", "-fail-how", "boredom", "texts"},
		"a high rank": {"-fail-rank", "1", "texts"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(args, func(string) string { return "" }, &stdout, &stderr)
			if status != 2 || stderr.Len() == 0 || stdout.Len() != 0 {
				t.Errorf("status %d, want 2 and an explanation on stderr\nstdout: %s\nstderr: %s", status, stdout.String(), stderr.String())
			}
		})
	}
}

func TestRendezvousNamesTheMissingRanks(t *testing.T) {
	port := fmt.Sprint(freePort(t))
	for rank, want := range map[string]string{"0": "waiting for rank 1, 2", "2": "rank 0 did not answer in time"} {
		env := map[string]string{"WORLD_SIZE": "3", "RANK": rank, "MASTER_ADDR": "localhost", "MASTER_PORT": port}
		var stdout, stderr bytes.Buffer
		status := run([]string{"-rendezvous-timeout", "20ms", "texts"}, func(k string) string { return env[k] }, &stdout, &stderr)
		if status != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("rank %s: status %d, want 1 and %q:\n%s", rank, status, want, stderr.String())
		}
	}
}
