// Command recording measures what recordings cost: the CPU time of recording a
// flood, beside that of asciinema and script, and how fast what is made of a
// recording is made.
//
//	recording flood -sluice PROGRAM [flags]
//	recording work  -sluice PROGRAM [flags]
//
// flood counts user and system time of all processes of a recorder, what it leaves
// behind included, without that of the program that is recorded, which tells its
// own. Every recorder has the same program and text, in turn (A B C A B C ...), once
// with nobody looking and once on a terminal. Linux only.
//
// work runs the program over a recording of an hour and 100 MB, and over one of a
// minute, and seeks in the first. Speeds are by CPU time, which other work on the
// machine disturbs least, and times are of the clock; the other figure is beside.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sluicerun/sluice/bench/result"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

type bench struct {
	sluice, dir, rows string
	rounds            int
	bytes             int64
	out               io.Writer
}

func run(args []string, stdout, stderr io.Writer) int {
	mode := ""
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	b := bench{out: stdout}
	var measure func() error
	switch mode {
	case "flood":
		measure = b.flood
	case "work":
		measure = b.work
	case "program": // that is recorded
		if err := program(args); err != nil {
			fmt.Fprintf(stderr, "recording: %v\n", err)
			return 1
		}
		return 0
	default:
		fmt.Fprintf(stderr, "recording: want flood or work, have %q\n", mode)
		return 2
	}
	switch err := b.parse(mode, args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "recording: %v\n", err)
		return 2
	}
	if err := measure(); err != nil {
		fmt.Fprintf(stderr, "recording: %s: %v\n", mode, err)
		return 1
	}
	return 0
}

func (b *bench) parse(mode string, args []string, stderr io.Writer) error {
	size := int64(64_000_000)
	if mode == "work" {
		size = 100_000_000
	}
	fs := flag.NewFlagSet("recording "+mode, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&b.sluice, "sluice", "", "the `program`")
	fs.StringVar(&b.dir, "dir", os.TempDir(), "everything is written below this `directory`")
	fs.StringVar(&b.rows, "rows", "", "add the results to this `file`")
	fs.IntVar(&b.rounds, "n", 3, "measure everything this `often`")
	fs.Int64Var(&b.bytes, "bytes", size, "how many `bytes` of output")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if b.sluice == "" || b.rounds < 1 || b.bytes < 1 || fs.NArg() > 0 {
		return errors.New("want -sluice PROGRAM, at least one round and one byte, and nothing else")
	}
	var err error
	if b.sluice, err = filepath.Abs(b.sluice); err != nil {
		return err
	}
	b.dir, err = os.MkdirTemp(b.dir, "recording-")
	return err
}

// row prints a result and adds it to the table.
func (b *bench) row(r result.Row) error {
	fmt.Fprintf(b.out, "%s\n  %s\n", r.Name, r.Ours)
	if r.Peer != "" {
		fmt.Fprintf(b.out, "  %s\n", r.Peer)
	}
	fmt.Fprintf(b.out, "  %s  goal %s  %s\n", r.Value, r.Goal, r.Verdict)
	return r.Append(b.rows)
}
