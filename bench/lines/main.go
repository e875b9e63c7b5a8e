// Command lines writes lines of 80 bytes to standard output as fast as it can.
//
//	lines [-write SIZE] BYTES [READY GO]
//
// It writes SIZE bytes at a time, by default 4096 as C's stdio does to files and
// pipes.
//
// READY and GO are FIFOs. With them it writes one byte to READY when it is up,
// waits until somebody opens GO for writing, writes its lines, writes another byte
// to READY and then waits for a signal, so that a harness can look at the launcher
// before and after.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

const lineLen = 80

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "lines: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, out, stderr io.Writer) error {
	fs := flag.NewFlagSet("lines", flag.ContinueOnError)
	fs.SetOutput(stderr)
	chunk := fs.Int("write", 4096, "write this many `bytes` at a time")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *chunk < 1 {
		return fmt.Errorf("-write %d: want at least one byte", *chunk)
	}
	args = fs.Args()
	if len(args) != 1 && len(args) != 3 {
		return fmt.Errorf("want BYTES [READY GO], have %d arguments", len(args))
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || size < 0 {
		return fmt.Errorf("reading %q: want a number of bytes", args[0])
	}
	if len(args) == 1 {
		return write(out, size, *chunk)
	}
	ready, err := os.OpenFile(args[1], os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := ready.WriteString("r"); err != nil {
		return err
	}
	// Opening blocks until there is a writer: that is the signal to go.
	if _, err := os.Open(args[2]); err != nil {
		return err
	}
	if err := write(out, size, *chunk); err != nil {
		return err
	}
	if _, err := ready.WriteString("d"); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
	}
}

// write writes size bytes, chunk at a time; the last line is cut where they end.
func write(out io.Writer, size int64, chunk int) error {
	// One chunk from any place in a line on, and 26 lines that differ.
	const period = 26 * lineLen
	text := make([]byte, period+chunk)
	for i := range text {
		text[i] = 'a' + byte((i/lineLen+i%lineLen)%26)
		if i%lineLen == lineLen-1 {
			text[i] = '\n'
		}
	}
	for done := int64(0); done < size; {
		at := int(done % period)
		n, err := out.Write(text[at : at+int(min(size-done, int64(chunk)))])
		if err != nil {
			return err
		}
		done += int64(n)
	}
	return nil
}
