package job

import (
	"fmt"
	"strconv"
)

// maxTerminal is the greatest size of a terminal's side (struct winsize).
const maxTerminal = 65535

func (s *Spec) checkPty() *UsageError {
	p := s.Pty
	if p == nil {
		return nil
	}
	for _, v := range []struct {
		field string
		n     int
	}{{"pty.cols", p.Cols}, {"pty.rows", p.Rows}, {"pty.xpixel", p.XPixel}, {"pty.ypixel", p.YPixel}} {
		if v.n < 0 || v.n > maxTerminal {
			return &UsageError{Field: v.field, Value: strconv.Itoa(v.n), Why: fmt.Sprintf("a terminal's side is 1 to %d", maxTerminal)}
		}
	}
	if (p.Cols == 0) != (p.Rows == 0) {
		return &UsageError{Field: "pty.size", Value: fmt.Sprintf("%dx%d", p.Cols, p.Rows), Why: "one of its sides is missing"}
	}
	if p.Scrollback < 0 {
		return &UsageError{Field: "scrollback", Value: strconv.FormatInt(p.Scrollback, 10), Why: "it is a number of bytes"}
	}
	if hasNUL(p.Term) {
		return &UsageError{Field: "term", Value: p.Term, Why: "a variable cannot hold a NUL byte"}
	}
	for r := range s.Size() {
		switch to := s.Redirect.For(r); {
		case s.Redirect.IsZero():
		case to.Has(Stdout), to.Has(Stderr) && !p.SplitStderr:
			return &UsageError{Field: "redirect", Value: s.Redirect.String(), Why: "the output of a worker on a terminal is its screen, which is always kept",
				Hint: "leave it away; --console none shows nothing, --stderr split gives standard error a log of its own"}
		}
	}
	if s.Stdin.Mode == StdinAll || s.Stdin.Mode == StdinShared {
		return &UsageError{Field: "stdin", Value: s.Stdin.String(), Why: "workers on terminals have keyboards of their own",
			Hint: "sluice type RUN/all types to all of them"}
	}
	return nil
}
