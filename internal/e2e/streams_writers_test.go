//go:build linux

package e2e

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	workers["truncating"] = func() { // as curl -o /dev/stdout opens it
		os.Stdout.WriteString("before\n")
		f, err := os.OpenFile("/dev/stdout", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		f.WriteString("through the name\n")
		f.Close()
		os.Stdout.WriteString("after\n")
	}
	workers["nonblocking"] = func() {
		syscall.SetNonblock(1, true)
		b := bytes.Repeat([]byte("0123456789abcde\n"), 5<<20/16)
		for len(b) > 0 {
			n, err := syscall.Write(1, b)
			if err == syscall.EAGAIN {
				unix.Poll([]unix.PollFd{{Fd: 1, Events: unix.POLLOUT}}, -1)
				continue
			}
			if err != nil {
				os.Exit(1)
			}
			b = b[n:]
		}
	}
}

// TestWritersThatOpenTheirStreamByName: on a regular file these would cut off
// what came before.
func TestWritersThatOpenTheirStreamByName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, stdout, stderr string }{
		{"echo", `echo a >&2; echo x > /dev/stderr; echo b >&2`, "", "a\nx\nb\n"},
		{"tee", `echo 1; echo 2 | tee /dev/stdout | cat; echo 3`, "1\n2\n2\n3\n", ""},
		{"dd", `echo 1; echo 2 | dd of=/dev/stdout status=none; echo 3`, "1\n2\n3\n", ""},
		{"proc", `echo 1; echo 2 > /proc/self/fd/1; echo 3 > /dev/fd/1`, "1\n2\n3\n", ""},
		{"cross", `echo 1; echo 2 >&2; echo 3 > /dev/stderr`, "1\n", "2\n3\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.run("run", "-n", "2", "--", "sh", "-c", tt.script)
			if r.status != 0 {
				t.Fatalf("status %d: %s", r.status, r.stderr)
			}
			for rank := range 2 {
				if got := w.log(rank, "stdout"); got != tt.stdout {
					t.Errorf("rank %d: stdout %q", rank, got)
				}
				if got := w.log(rank, "stderr"); got != tt.stderr {
					t.Errorf("rank %d: stderr %q", rank, got)
				}
			}
			if got := perRank(t, r.stdout)["0"]; got != tt.stdout {
				t.Errorf("console: %q", got)
			}
		})
	}
	t.Run("truncating", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := w.run(append([]string{"run", "--"}, w.worker("truncating")...)...)
		const want = "before\nthrough the name\nafter\n"
		if r.status != 0 || r.stdout != want || w.log(0, "stdout") != want {
			t.Errorf("got %+v, log %q", r, w.log(0, "stdout"))
		}
	})
}

func TestWorkerClosesItsStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "-n", "2", "--", "sh", "-c", `echo out; exec >&-; echo err >&2; exec 2>&-; exec <&-; sleep 0.2; exit 7`)
	if r.status != 7 {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
	for rank := range 2 {
		if out, err := w.log(rank, "stdout"), w.log(rank, "stderr"); out != "out\n" || err != "err\n" {
			t.Errorf("rank %d: %q, %q", rank, out, err)
		}
	}
}

func TestWorkerSetsItsStreamNonBlocking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run(append([]string{"run", "--"}, w.worker("nonblocking")...)...)
	want := strings.Repeat("0123456789abcde\n", 5<<20/16)
	if r.status != 0 || r.stdout != want || w.log(0, "stdout") != want {
		t.Errorf("status %d, %d bytes shown, %d in the log, of %d", r.status, len(r.stdout), len(w.log(0, "stdout")), len(want))
	}
}

func TestWorkerHandsItsStreamToADaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	r := w.run("run", "-n", "2", "--env", "MARK="+mark, "--", "sh", "-c",
		`setsid sh -c 'trap "" HUP; echo daemon; : > up-'$RANK'; exec sleep 1000' & until [ -e up-$RANK ]; do sleep 0.01; done; echo done`)
	if r.status != 0 {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
	for rank := range 2 {
		if got := w.log(rank, "stdout"); got != "daemon\ndone\n" {
			t.Errorf("rank %d: %q", rank, got)
		}
	}
	if pids := marked(mark); len(pids) > 0 {
		t.Errorf("still there: %v", pids)
	}
}
