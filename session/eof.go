package session

import (
	"errors"
	"time"

	"github.com/sluicerun/sluice/job"
)

// maxReminders bounds how often a program that reads keys is told that its input has
// ended: one that takes Ctrl+D for something else must not be steered by it for ever.
const maxReminders = 3

// endInput tells the program that the client's input, a pipe's, has ended. As to a
// pipe, nothing of it counts if nothing came.
//
// A program that reads lines sees the end of a file, as often as it reads. One that
// reads keys takes Ctrl+D for it, if anything. And an end of file that it had not read
// yet is lost where it changes between the two, as shells and interpreters do (the
// kernel makes a zero byte of it), or asks for a password (that drops what was typed).
//
// That is for the program's own input. Who attached to it with a pipe only leaves: it
// is not for him to end a shell that others use.
func (c *client) endInput() error {
	ended := time.Now()
	err := c.s.SendEOF(c.ctx, c.source())
	var no *RefusedError
	if err != nil && !errors.As(err, &no) {
		return err
	}
	if c.hadInput && c.opt.FromStart {
		c.reminding.Go(func() { c.remind(ended) })
	}
	return nil
}

// remind repeats the end of the input: to a program that reads lines whenever it has
// taken the last one, and to one that reads keys again if it still does so after a
// while, for it may have read lines in the very moment of the key. Once somebody else
// types, the pipe's end is not the end of the input any more.
func (c *client) remind(ended time.Time) {
	const soonest, latest = 20 * time.Millisecond, time.Second
	pause, patience := soonest, 300*time.Millisecond
	var told time.Time
	t := time.NewTimer(0)
	defer t.Stop()
	for n := 0; n < maxReminders; {
		select {
		case <-t.C:
		case <-c.ctx.Done():
			return
		}
		pause = min(pause*3/2, latest)
		t.Reset(pause)
		if c.s.othersTyped(c.source(), ended) {
			return
		}
		st, err := c.s.master.LineState()
		if err != nil {
			return // it is gone
		}
		end := Step{Keys: []string{"Ctrl+D"}}
		if st.Canonical {
			told = time.Time{}
			if waits, err := c.s.master.Waits(); err != nil || waits {
				continue
			}
			end = Step{EOF: true}
		} else if time.Since(told) < patience {
			continue
		}
		// Not for ever: who has the keyboard for himself may type in the meantime.
		err = c.s.Send(c.ctx, Input{Source: c.source(), Steps: []Step{end}, Timeout: job.Duration(latest), Approximate: true})
		var no *RefusedError
		switch {
		case errors.As(err, &no):
		case err != nil:
			return
		case !end.EOF:
			told, patience = time.Now(), 2*patience
			n++
		}
	}
}

// othersTyped tells whether somebody else has sent input since then.
func (s *Session) othersTyped(source string, then time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, b := range s.base {
		if other != source && b.at.After(then) {
			return true
		}
	}
	return false
}
