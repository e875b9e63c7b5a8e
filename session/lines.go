package session

import (
	"bytes"
	"fmt"

	"github.com/sluicerun/sluice/internal/pty"
)

// eofBytes ends the input of a program that reads lines.
func (s *Session) eofBytes(st pty.State) ([]byte, error) {
	if !st.Canonical || st.Chars.EOF == 0 {
		return nil, &RefusedError{Why: "the program reads keys, not lines: there is no end of input to send",
			Hint: "if it understands Ctrl+D, use: sluice press RUN Ctrl+D"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line > 0 {
		// The first hands over the unfinished line, the second is the end.
		return []byte{st.Chars.EOF, st.Chars.EOF}, nil
	}
	return []byte{st.Chars.EOF}, nil
}

// checkLine refuses what the kernel would cut off in silence.
func (s *Session) checkLine(st pty.State, data []byte) error {
	if !st.Canonical {
		return nil
	}
	s.mu.Lock()
	n := s.line
	s.mu.Unlock()
	limit := s.master.CanonLimit()
	for rest := data; len(rest) > 0; {
		i := lineEnd(rest, st)
		if i < 0 {
			i = len(rest)
		}
		if n += i; n > limit {
			return &RefusedError{Why: fmt.Sprintf("a line of %d bytes is longer than the %d that the terminal keeps while the program reads lines; nothing was sent", n, limit),
				Hint: "send shorter lines, or wait until the program reads keys"}
		}
		n = 0
		rest = rest[min(i+1, len(rest)):]
	}
	return nil
}

// cutLines is data without what the kernel would drop in silence: the ends of lines
// that are longer than it keeps. cut is how many bytes that are.
func (s *Session) cutLines(st pty.State, data []byte) (kept []byte, cut int) {
	if s.checkLine(st, data) == nil {
		return data, 0
	}
	s.mu.Lock()
	n := s.line
	s.mu.Unlock()
	limit := s.master.CanonLimit()
	for len(data) > 0 {
		body := lineEnd(data, st)
		end := body + 1
		if body < 0 {
			body, end = len(data), len(data)
		}
		fits := min(body, max(limit-n, 0))
		kept = append(append(kept, data[:fits]...), data[body:end]...)
		cut += body - fits
		n, data = 0, data[end:]
	}
	return kept, cut
}

// lineEnd finds what hands a line over to the program.
func lineEnd(p []byte, st pty.State) int {
	return bytes.IndexFunc(p, func(r rune) bool {
		return r == '\n' || r == '\r' && st.CRToNL || r < ' ' && r != 0 &&
			(byte(r) == st.Chars.EOF || st.Signals && (byte(r) == st.Chars.Interrupt || byte(r) == st.Chars.Quit) || byte(r) == st.Chars.Kill)
	})
}

// countLine keeps count of the line that is being typed, and of ^S and ^Q.
func (s *Session) countLine(st pty.State, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.FlowControl {
		if i := bytes.LastIndexAny(data, string([]byte{st.Chars.Stop, st.Chars.Start})); i >= 0 {
			s.xoff = data[i] == st.Chars.Stop
		}
	} else {
		s.xoff = false
	}
	if !st.Canonical {
		s.line = 0
		return
	}
	for len(data) > 0 {
		i := lineEnd(data, st)
		if i < 0 {
			s.line += len(data)
			return
		}
		s.line, data = 0, data[i+1:]
	}
}
