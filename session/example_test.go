//go:build linux

package session_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
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

// A wait that fails says what it waited for, and whether the program ended
// meanwhile.
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
	}
	// Output:
	// the program ended before the text "ready" true
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
