package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sluicerun/sluice/internal/pty"
)

const (
	// ready is said once the terminal is raw: what is typed before might be
	// echoed by the kernel.
	ready = "the echo is ready"
	// over ends the echo.
	over = 0x04
)

// alphabet is typed in turn. No sequence that a terminal multiplexer writes ends
// in one of these, and so a redraw is not taken for an echo.
const alphabet = "vwxyz"

// echo gives back what is typed, until Ctrl+D or the end of its terminal.
func echo(in, out *os.File) error {
	if err := pty.MakeRaw(in); err != nil {
		return err
	}
	if _, err := fmt.Fprint(out, ready, "\r\n"); err != nil {
		return err
	}
	buf := make([]byte, 64)
	for {
		n, err := in.Read(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading keys: %w", err)
		}
		for i, c := range buf[:n] {
			if c == over {
				_, err := out.Write(buf[:i])
				return err
			}
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return fmt.Errorf("echoing: %w", err)
		}
	}
}
