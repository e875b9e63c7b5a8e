//go:build linux

package session_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/stream"
	"github.com/sluicerun/sluice/vt/render"
)

// tries is how long an example's wait may take on a slow machine.
const tries = job.Duration(30 * time.Second)

func ExampleStart() {
	ctx := context.Background()
	s, err := session.Start(ctx, session.Command{Args: []string{"sh", "-c", `printf 'name? '; read name; echo "hello $name"; exit 7`}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	// Each step waits for what it answers, so nothing is typed too early.
	err = s.Wait(ctx, session.Condition{Text: "name?", Timeout: tries})
	if err == nil {
		err = s.Send(ctx, session.Input{Source: "example", Steps: []session.Step{{Text: "ada"}, {Keys: []string{"Enter"}}}})
	}
	if err == nil {
		err = s.Wait(ctx, session.Condition{Exit: true, Timeout: tries})
	}
	status, ended := s.Status()
	fmt.Print(render.Text(s.Screen(false), render.Options{}))
	fmt.Println(status, ended, err)
	// Output:
	// name? ada
	// hello ada
	// 7 true <nil>
}

// Whoever starts programs himself can make a session of one, on a terminal of
// OpenTerminal.
func ExampleNew() {
	status, screen, err := own(exec.Command("sh", "-c", "test -t 0 && stty size; exit 5"))
	fmt.Println(screen)
	fmt.Println(status, err)
	// Output:
	// 10 40
	// 5 <nil>
}

func own(cmd *exec.Cmd) (status int, screen string, err error) {
	size := session.Size{Cols: 40, Rows: 10}
	master, slave, err := session.OpenTerminal(size)
	if err != nil {
		return 0, "", err
	}
	defer slave.Close()
	log, err := stream.CreateTemp(stream.LogOptions{})
	if err != nil {
		return 0, "", err
	}
	defer log.Close()
	pipe, sink, err := os.Pipe()
	if err != nil {
		return 0, "", err
	}
	defer pipe.Close()
	var pump *stream.Pump
	s, err := session.New(session.Options{Master: master, Sink: sink, Log: log, Size: size,
		Move: func() bool { return pump.Move() }})
	if err != nil {
		return 0, "", err
	}
	defer s.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		s.Discard()
		return 0, "", err
	}
	slave.Close()
	pump = stream.StartPump(pipe, log, stream.PumpOptions{OnData: s.Grew, Manual: true})
	s.Begin()
	cmd.Wait()
	s.Exited(cmd.ProcessState.ExitCode(), cmd.ProcessState.String())
	s.Drain()
	pump.Drain()
	s.Finish()
	status, _ = s.Status()
	return status, strings.TrimSpace(render.Text(s.Screen(false), render.Options{})), nil
}

// A wait that fails says what it waited for, whether the program ended meanwhile,
// and what was on the screen.
func ExampleSession_Wait() {
	ctx := context.Background()
	s, err := session.Start(ctx, session.Command{Args: []string{"echo", "loading"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	err = s.Wait(ctx, session.Condition{Text: "ready", Timeout: tries})
	var not *session.NotMetError
	if errors.As(err, &not) {
		fmt.Println(not, not.Ended)
		fmt.Println(not.Screen)
	}
	// Output:
	// the program ended before the text "ready" true
	// loading
}

// Keys are checked before anything is written.
func ExampleSession_Send() {
	ctx := context.Background()
	s, err := session.Start(ctx, session.Command{Args: []string{"cat"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(s.Send(ctx, session.Input{Steps: []session.Step{{Text: "x"}, {Keys: []string{"Entr"}}}}))
	// The terminal shows what is typed: no place for a secret.
	err = s.Send(ctx, session.Input{Secret: true, Timeout: job.Duration(10 * time.Millisecond), Steps: []session.Step{{Text: "swordfish"}}})
	var refused *session.RefusedError
	fmt.Println(errors.As(err, &refused))
	// Output:
	// unknown key "Entr": did you mean Enter?
	//   hint: to type the text "Entr", use type
	// true
}

// The logs of a session bring its screen back, at any time later.
func ExampleReplay() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, log := context.Background(), filepath.Join(dir, "log")
	s, err := session.Start(ctx, session.Command{Args: []string{"printf", `\033[2;5H\033[1mbold\033[0m`}, Dir: log})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.Wait(ctx, session.Condition{Exit: true, Timeout: tries})
	s.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	term, err := session.Replay(log)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n%q\n", term.LineText(1), render.ANSI(term.Snapshot(false), render.Options{}))
	// Output:
	// "    bold"
	// "\n    \x1b[1mbold\x1b[m\n"
}

// Whoever can read the logs can follow a session, and make a recording of it as it
// goes.
func ExampleFollow() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, log := context.Background(), filepath.Join(dir, "log")
	s, err := session.Start(ctx, session.Command{Args: []string{"sh", "-c", "echo one; exit 3"}, Dir: log})
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		s.Wait(ctx, session.Condition{Exit: true, Timeout: tries})
		s.Close()
	}()

	live, err := session.Follow(log, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer live.Close()
	rec := session.NewRecorder(session.CastOptions{}, func(h cast.Header) error {
		fmt.Printf("%s, %dx%d\n", h.Command, h.Width, h.Height)
		return nil
	}, func(e cast.Event) error {
		fmt.Printf("%s %q %d\n", e.Code, e.Data, e.Status)
		return nil
	})
	for e, err := range live.Events(ctx) {
		if err == nil {
			err = rec.Event(e)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// sh -c echo one; exit 3, 80x24
	// o "one\r\n" 0
	// x "" 3
}
