package adopt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sluicerun/sluice/adopt"
)

// catted is a cat that somebody has started, and what it writes.
func catted() (*exec.Cmd, *bufio.Reader, func()) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd, bufio.NewReader(out), func() {
		in.Close()
		cmd.Wait()
	}
}

// Who is at the other ends of a process's descriptors.
func ExampleProcess_Inspect() {
	cmd, _, done := catted()
	defer done()
	ctx := context.Background()
	p, err := adopt.Live().Open(cmd.Process.Pid)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	table, err := adopt.Live().Scan(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := p.Inspect(ctx, table)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range r.Descriptors[:2] {
		for _, e := range d.Ends {
			fmt.Println(d.FD, d.Kind, e.PID == os.Getpid(), e.Relation)
		}
	}
	// Output:
	// 0 pipe true parent
	// 1 pipe true parent
}

// Typing into a process that reads a pipe.
func ExampleProcess_Input() {
	cmd, out, done := catted()
	defer done()
	ctx := context.Background()
	p, err := adopt.Live().Open(cmd.Process.Pid)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	table, err := adopt.Live().Scan(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := p.Input(ctx, table)
	if err != nil {
		fmt.Println(err)
		return
	}
	way, err := in.Way("") // the first that is permitted
	if err != nil {
		var no *adopt.Refusal
		fmt.Println("missing:", errors.As(err, &no) && no.Right != "")
		return
	}
	if err := way.Type(ctx, []byte("hello\n")); err != nil {
		fmt.Println(err)
		return
	}
	line, _ := out.ReadString('\n')
	fmt.Print(way.Name, ": ", line)
	// Output:
	// stdin: hello
}

// Moving what a process writes to a file, and back. A process's own children cannot
// be moved: Go waits for them, and would take what is told to the tracer.
func ExampleProcess_Redirect() {
	p, err := adopt.Live().Open(4711)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	ctx, records := context.Background(), filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "adopt")
	moved, err := p.Redirect(ctx, adopt.RedirectOptions{Stdout: "out.log", Records: records})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s was stopped for %v\n", p, moved.Stopped)
	if _, err := p.Undo(ctx, adopt.UndoOptions{Records: records}); err != nil {
		fmt.Println(err)
	}
}
