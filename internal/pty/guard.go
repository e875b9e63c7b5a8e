package pty

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// A terminal that is raw must become sane again when the process that made it raw
// is killed, by SIGKILL too, when nothing in it runs any more. So a guardian, a
// small process of its own, holds the reading end of a pipe and the terminal: when
// the pipe ends, the last writer is dead.
//
// On the pipe go lines: a Saved says how to restore from now on, "done" says that
// there is nothing to restore. The order is: Arm, MakeRaw, ..., Restore, Disarm;
// Arm again whenever the modes change.

const disarmed = "done"

// maxLine is more than any line of ours takes, and less than PIPE_BUF, so that a
// line is written whole or not at all.
const maxLine = 512

// Arm tells the guardian at the other end of the pipe how to restore when this
// process ends. Call it before MakeRaw.
func Arm(pipe io.Writer, s Saved) error {
	text, err := s.MarshalText()
	if err != nil {
		return err
	}
	return tell(pipe, string(text))
}

// Disarm tells the guardian that the terminal was given back: whoever uses it
// from here on is not to be disturbed. Call it after Restore, and before Suspend.
func Disarm(pipe io.Writer) error { return tell(pipe, disarmed) }

func tell(pipe io.Writer, line string) error {
	if _, err := io.WriteString(pipe, line+"\n"); err != nil {
		return fmt.Errorf("telling the terminal's guardian: %w", err)
	}
	return nil
}

// orders reads the pipe to its end and returns what was said last; ok is false
// when there is nothing to restore. A line that was cut by the writer's death, or
// is damaged, does not undo the one before.
func orders(pipe io.Reader, first Saved, armed bool) (last Saved, ok bool, err error) {
	last, ok = first, armed
	r := bufio.NewReaderSize(pipe, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err == io.EOF:
			return last, ok, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue // not ours: neither this piece nor the rest makes a Saved
		case err != nil:
			return last, ok, fmt.Errorf("reading the guardian's pipe: %w", err)
		}
		line = line[:len(line)-1]
		if string(line) == disarmed {
			ok = false
			continue
		}
		var s Saved
		if s.UnmarshalText(line) == nil {
			last, ok = s, true
		}
	}
}
