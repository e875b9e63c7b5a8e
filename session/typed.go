package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
)

// hears deals with a frame of the client's.
func (c *client) hears(f frame) {
	if err := c.heard(f); err != nil {
		c.tell(FrameNotice, []byte(err.Error()))
	}
}

// heard does what a frame asks.
func (c *client) heard(f frame) error {
	s := c.s
	switch f.kind {
	case FrameRepaint:
		s.mu.Lock()
		c.repaint = true
		s.mu.Unlock()
		wake(c.grew)
		return nil
	case FrameResume:
		s.goOn()
		s.mu.Lock()
		c.redraw, c.shown = true, 0
		if n, err := strconv.ParseInt(string(f.payload), 10, 64); err == nil && n >= 0 {
			c.shown = n
		}
		s.mu.Unlock()
		wake(c.grew)
		return nil
	}
	if c.opt.ReadOnly {
		return nil
	}
	switch f.kind {
	case FrameKeys, FrameKeysPart:
		return c.typed(f.payload, f.kind == FrameKeysPart)
	case FrameStdin:
		return c.piped(f.payload)
	case FrameEOF:
		return c.endInput()
	case FrameInput:
		var in Input
		if err := json.Unmarshal(f.payload, &in); err != nil {
			return fmt.Errorf("reading a client's input: %w", err)
		}
		in.Source = c.source()
		return s.Send(c.ctx, in)
	case FrameSize:
		var size Size
		if err := json.Unmarshal(f.payload, &size); err != nil {
			return fmt.Errorf("reading a client's size: %w", err)
		}
		s.mu.Lock()
		c.size = size
		s.chooseSize()
		s.mu.Unlock()
	case FrameMark:
		s.Mark(string(f.payload))
		c.tell(FrameNotice, []byte("marked"))
	case FramePause:
		if s.toggle() {
			c.tell(FrameNotice, []byte("recording paused: what follows is kept out of recordings until this key again"))
		} else {
			c.tell(FrameNotice, []byte("recording goes on"))
		}
	case FrameTake:
		s.mu.Lock()
		s.keyboard = c
		s.notify()
		s.mu.Unlock()
	case FrameGive:
		s.mu.Lock()
		if s.keyboard == c {
			s.keyboard = nil
		}
		s.notify()
		s.mu.Unlock()
	}
	return nil
}

// typed writes what the keyboard sent: whole units, or the part of a long one.
func (c *client) typed(p []byte, part bool) error {
	s := c.s
	var pieces []typed
	switch {
	case c.parting: // a paste, which may hold anything, or a long answer
		pieces = []typed{{p, c.replying}}
	case part:
		c.replying = isReply(p)
		pieces = []typed{{p, c.replying}}
	default:
		if pieces = c.withoutStrayReplies(p); len(pieces) == 0 {
			return nil
		}
	}
	s.mu.Lock()
	c.active = time.Now()
	if s.opt.Policy == job.SizeLatest {
		s.chooseSize()
	}
	had := c.parting
	s.mu.Unlock()
	if !had {
		if err := s.takeTurn(c.ctx, c.source()); err != nil {
			return ignoreEnd(err)
		}
	}
	s.mu.Lock()
	c.parting = part
	s.mu.Unlock()
	if !part {
		defer s.giveTurn()
	}
	st, err := s.master.LineState()
	if err != nil {
		return ignoreEnd(s.gone(err))
	}
	hide := ""
	if st.Canonical && !st.Echo {
		hide = "HIDDEN" // a password, to all appearances
	}
	for _, t := range pieces {
		source := c.source()
		if t.reply {
			source, hide = replySource, ""
		} else {
			s.remember(source)
		}
		if err := s.put(c.ctx, source, t.data, hide, st); err != nil {
			return ignoreEnd(err)
		}
	}
	return nil
}

// typed is a part of what came from a client's keyboard: keys, or what its terminal
// answered.
type typed struct {
	data  []byte
	reply bool
}

// isReply tells whether the unit that begins with p is an answer.
func isReply(p []byte) bool {
	var sp keys.Splitter
	units := sp.Feed(p)
	return len(units) > 0 && units[len(units)-1].Kind == keys.Reply
}

// ignoreEnd: who types when the program has just ended made no mistake.
func ignoreEnd(err error) error {
	if errors.Is(err, ErrEnded) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// withoutStrayReplies lets answers of the client's terminal through only if they
// are its to give and were asked for.
func (c *client) withoutStrayReplies(p []byte) []typed {
	if len(p) == 0 {
		return nil
	}
	if bytes.IndexByte(p, 0x1b) < 0 {
		return []typed{{p, false}}
	}
	s := c.s
	sp := keys.Splitter{CPRExpected: func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.asked) > 0
	}}
	var out []typed
	for _, u := range append(sp.Feed(p), sp.Flush()...) {
		reply := u.Kind == keys.Reply
		if reply && !c.answers() {
			continue
		}
		if n := len(out); n > 0 && out[n-1].reply == reply {
			out[n-1].data = append(out[n-1].data, u.Bytes...)
		} else {
			out = append(out, typed{slices.Clone(u.Bytes), reply})
		}
	}
	return out
}

// answers tells whether an answer of the client's terminal is wanted.
func (c *client) answers() bool {
	s := c.s
	changed, leave := s.watch()
	defer leave()
	t := time.NewTimer(answerTime)
	defer t.Stop()
	for {
		s.mu.Lock()
		if c.strays > 0 {
			c.strays-- // they come first
			s.mu.Unlock()
			return false
		}
		ok := s.primary == c && s.expected(time.Now())
		behind := s.primary == c && s.owed < c.sent
		s.mu.Unlock()
		if ok || !behind {
			return ok
		}
		// The terminal is faster than the emulator, which tells us of the
		// question.
		select {
		case <-changed:
		case <-s.exited:
			return false
		case <-t.C:
			return false
		}
	}
}

// piped sends what comes from a pipe or a file, which cannot send it in another way:
// of a line that is too long the end is left out, and the lines behind it come.
func (c *client) piped(data []byte) error {
	c.hadInput = c.hadInput || len(data) > 0
	st, err := c.s.master.LineState()
	if err != nil {
		return c.s.gone(err)
	}
	data, cut := c.s.cutLines(st, data)
	if cut > 0 && !c.cutTold {
		c.cutTold = true
		c.tell(FrameNotice, fmt.Appendf(nil, "a line is longer than the %d bytes that the terminal keeps while the program reads lines: its end is left out, and that of others like it",
			c.s.master.CanonLimit()))
	}
	if len(data) == 0 {
		return nil
	}
	return c.s.Send(c.ctx, Input{Source: c.source(), Steps: []Step{{Data: data}}, Timeout: job.Forever})
}
