// Command store compares our TCPStore server with torch's own.
//
//	store serve
//	store measure [flags]
//
// measure starts both servers, each in a process of its own, and uses them in turn:
// one process with torch's Python client sets and gets keys, then many clients
// connect at once. serve is our side: it prints its port and ends with its standard
// input.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sluicerun/sluice/tcpstore"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	mode := ""
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	var err error
	switch mode {
	case "serve":
		err = serve(args, stdin, stdout)
	case "measure":
		err = measureMain(args, stdout, stderr)
	default:
		err = usageError{fmt.Errorf("want serve or measure, have %q", mode)}
	}
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "store: %v\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "store: %v\n", err)
	return 1
}

type usageError struct{ error }

func serve(args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("serve takes no arguments, have %q", args)}
	}
	s, err := tcpstore.Listen(tcpstore.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, s.Port())
	io.Copy(io.Discard, stdin)
	return s.Close()
}

func measureMain(args []string, stdout, stderr io.Writer) error {
	m := measurement{}
	fs := flag.NewFlagSet("store measure", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&m.python, "python", "/usr/bin/python3", "the `program` that can import torch")
	fs.IntVar(&m.rounds, "rounds", 7, "use both servers `n` times in turn")
	fs.IntVar(&m.pairs, "pairs", 2000, "set and get `n` keys a round")
	fs.IntVar(&m.clients, "clients", 512, "connect `n` clients at once")
	fs.StringVar(&m.rows, "rows", "", "add the result to this `file` of tab-separated rows")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usageError{err}
	}
	if fs.NArg() > 0 || m.rounds < 1 || m.pairs < 1 || m.clients < 1 {
		return usageError{fmt.Errorf("-rounds %d -pairs %d -clients %d %q: want at least one of each, and nothing else", m.rounds, m.pairs, m.clients, fs.Args())}
	}
	return m.run(stdout)
}
