package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sluicerun/sluice/internal/pty"
)

// answerTo is what the screen shows after so many keys; 0 is before the first.
// The full stop keeps 1 from being found in 10.
func answerTo(key int) string { return fmt.Sprintf("answer %d.", key) }

// answer numbers the keys, until its terminal goes.
func answer(in, out *os.File) error {
	if err := pty.MakeRaw(in); err != nil {
		return err
	}
	buf := make([]byte, 64)
	for key := 0; ; {
		if _, err := fmt.Fprintf(out, "\r%s", answerTo(key)); err != nil {
			return err
		}
		n, err := in.Read(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading keys: %w", err)
		}
		key += n
	}
}
