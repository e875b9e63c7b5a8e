// Command lines writes lines of 80 bytes to standard output as fast as it can.
//
//	lines BYTES [READY GO]
//
// READY and GO are FIFOs. With them it writes one byte to READY when it is up,
// waits until somebody opens GO for writing, writes its lines, writes another byte
// to READY and then waits for a signal, so that a harness can look at the launcher
// before and after.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

const (
	lineLen = 80
	// Large writes, so that the writer is never the slow part.
	linesPerWrite = 800
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "lines: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 && len(args) != 3 {
		return fmt.Errorf("want BYTES [READY GO], have %d arguments", len(args))
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || size < 0 {
		return fmt.Errorf("reading %q: want a number of bytes", args[0])
	}
	if len(args) == 1 {
		return write(out, size)
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
	if err := write(out, size); err != nil {
		return err
	}
	if _, err := ready.WriteString("d"); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
	}
}

// write writes size bytes; the last line is cut where they end.
func write(out io.Writer, size int64) error {
	chunk := make([]byte, lineLen*linesPerWrite)
	for i := range chunk {
		chunk[i] = 'a' + byte((i/lineLen+i%lineLen)%26)
		if i%lineLen == lineLen-1 {
			chunk[i] = '\n'
		}
	}
	for size > 0 {
		n, err := out.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}
