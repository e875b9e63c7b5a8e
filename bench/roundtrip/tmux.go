package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// tmuxServer is a server of its own with one pane, asked by commands.
type tmuxServer struct {
	program, socket string
	poll            time.Duration
}

func (t *tmuxServer) command(ctx context.Context, args ...string) ([]byte, error) {
	return command(ctx, t.program, append([]string{"-S", t.socket, "-f", "/dev/null"}, args...)...)
}

func (t *tmuxServer) start(ctx context.Context, argv []string) error {
	_, err := t.command(ctx, append([]string{"new-session", "-d", "-x", "80", "-y", "24"}, argv...)...)
	return err
}

func (t *tmuxServer) press(ctx context.Context) error {
	_, err := t.command(ctx, "send-keys", "x")
	return err
}

func (t *tmuxServer) wait(ctx context.Context, text string) error {
	return t.until(ctx, text, func() (string, error) {
		out, err := t.command(ctx, "capture-pane", "-p")
		return string(out), err
	})
}

// until looks until text is there.
func (t *tmuxServer) until(ctx context.Context, text string, look func() (string, error)) error {
	for {
		screen, err := look()
		if err != nil || strings.Contains(screen, text) {
			return err
		}
		if t.poll > 0 {
			time.Sleep(t.poll)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%w; the screen is:\n%s", err, strings.TrimSpace(screen))
		}
	}
}

func (t *tmuxServer) stop() error {
	_, err := t.command(context.Background(), "kill-server")
	return err
}

// tmuxControl asks the same server through one client in control mode (tmux(1),
// CONTROL MODE): a line for a command, and its output between %begin and %end.
type tmuxControl struct {
	tmuxServer
	client *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

func (t *tmuxControl) start(ctx context.Context, argv []string) error {
	if err := t.tmuxServer.start(ctx, argv); err != nil {
		return err
	}
	t.client = exec.Command(t.program, "-S", t.socket, "-C", "attach-session")
	out, err := t.client.StdoutPipe()
	if err == nil {
		t.in, err = t.client.StdinPipe()
	}
	if err == nil {
		err = t.client.Start()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("starting a client in control mode: %w", err), t.tmuxServer.stop())
	}
	t.out = bufio.NewReader(out)
	_, err = t.answer() // to the attach itself
	if err != nil {
		err = errors.Join(err, t.stop())
	}
	return err
}

func (t *tmuxControl) press(context.Context) error {
	_, err := t.ask("send-keys x")
	return err
}

func (t *tmuxControl) wait(ctx context.Context, text string) error {
	return t.until(ctx, text, func() (string, error) { return t.ask("capture-pane -p") })
}

func (t *tmuxControl) ask(line string) (string, error) {
	if _, err := io.WriteString(t.in, line+"\n"); err != nil {
		return "", fmt.Errorf("asking tmux to %s: %w", line, err)
	}
	return t.answer()
}

// answer reads one answer; what the server tells in between is passed over.
func (t *tmuxControl) answer() (string, error) {
	var said strings.Builder
	for inside := false; ; {
		line, err := t.out.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("reading tmux's answer: %w", err)
		}
		switch {
		case strings.HasPrefix(line, "%begin "):
			inside = true
		case strings.HasPrefix(line, "%end "):
			return said.String(), nil
		case strings.HasPrefix(line, "%error "):
			return "", fmt.Errorf("tmux says: %s", strings.TrimSpace(said.String()))
		case inside:
			said.WriteString(line)
		}
	}
}

func (t *tmuxControl) stop() error {
	t.in.Close()
	err := t.tmuxServer.stop()
	t.client.Wait() // its status only tells that the server has gone
	return err
}
