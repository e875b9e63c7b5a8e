package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// sluiceRun is a detached run, asked by commands.
type sluiceRun struct {
	program  string
	patience time.Duration
	run      string
}

func (s *sluiceRun) start(ctx context.Context, argv []string) error {
	out, err := command(ctx, s.program, append([]string{"run", "--pty", "-d", "--"}, argv...)...)
	s.run = strings.TrimSpace(string(out))
	return err
}

func (s *sluiceRun) press(ctx context.Context) error {
	_, err := command(ctx, s.program, "press", s.run, "x")
	return err
}

func (s *sluiceRun) wait(ctx context.Context, text string) error {
	_, err := command(ctx, s.program, "wait", s.run, "--text", text, "--timeout", s.patience.String())
	return err
}

func (s *sluiceRun) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	_, err := command(ctx, s.program, "stop", "--kill", s.run)
	return err
}

// sluiceCommand is a detached run, of which one command asks both at once.
type sluiceCommand struct {
	sluiceRun
	due bool // the key is pressed by who waits for the answer
}

func (s *sluiceCommand) press(context.Context) error {
	s.due = true
	return nil
}

func (s *sluiceCommand) wait(ctx context.Context, text string) error {
	if !s.due {
		return s.sluiceRun.wait(ctx, text)
	}
	s.due = false
	_, err := command(ctx, s.program, "press", s.run, "x", "--until", text, "--timeout", s.patience.String())
	return err
}

// sluiceSocket is a detached run, asked on its control socket.
type sluiceSocket struct {
	sluiceRun
	path string
}

func (s *sluiceSocket) start(ctx context.Context, argv []string) error {
	if err := s.sluiceRun.start(ctx, argv); err != nil {
		return err
	}
	out, err := command(ctx, s.program, "ps", "--json", s.run)
	if err != nil {
		return err
	}
	var records []struct{ Socket string }
	if err := json.Unmarshal(out, &records); err != nil {
		return fmt.Errorf("reading what sluice ps says of %s: %w", s.run, err)
	}
	if len(records) != 1 || records[0].Socket == "" {
		return fmt.Errorf("sluice ps names no control socket for %s", s.run)
	}
	s.path = records[0].Socket
	return nil
}

func (s *sluiceSocket) press(ctx context.Context) error {
	_, err := api.Ask(ctx, s.path, api.Request{Op: api.OpInput, Input: &session.Input{
		Source: "roundtrip", Steps: []session.Step{{Keys: []string{"x"}}},
	}})
	return err
}

func (s *sluiceSocket) wait(ctx context.Context, text string) error {
	_, err := api.Ask(ctx, s.path, api.Request{Op: api.OpAwait, Await: &session.Condition{Text: text, Timeout: job.Duration(s.patience)}})
	return err
}

// command runs a command to its end.
func command(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", cmd, err, bytes.TrimSpace(said.Bytes()))
	}
	return out.Bytes(), nil
}
