package redirect_test

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sluicerun/sluice/redirect"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "out.log")

	r, err := redirect.Stdout(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("from Go")
	child := exec.Command("echo", "from a child")
	child.Stdout = os.Stdout
	if err := child.Run(); err != nil {
		log.Fatal(err)
	}
	if err := r.Restore(); err != nil {
		log.Fatal(err)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", text)
	// Output:
	// from Go
	// from a child
}

// A daemon that keeps its log over restarts and still shows it in a terminal.
func ExampleBoth_tee() {
	r, err := redirect.Both("daemon.log", "daemon.log", redirect.Append, redirect.Tee, redirect.Perm(0o600))
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := r.Restore(); err != nil {
			fmt.Fprintln(os.Stderr, "daemon.log is incomplete:", err)
		}
	}()
	fmt.Println("ready")
}

func ExampleStream() {
	_, err := redirect.Stream("stdlog", "x.log")
	fmt.Println(err)
	// Output:
	// redirecting "stdlog" to x.log: unknown stream (want stdout or stderr)
}
