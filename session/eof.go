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
// A program that reads lines sees the end of a file. One that reads keys takes Ctrl+D
// for it, if anything. And what changes between the two, as shells and interpreters do,
// loses an end of file that it had not read yet: the kernel makes a zero byte of it.
// So the key is typed whenever the program has come to read keys.
func (c *client) endInput() error {
	err := c.s.SendEOF(c.ctx, c.source())
	var no *RefusedError
	if err != nil && !errors.As(err, &no) {
		return err
	}
	if c.hadInput {
		c.reminding.Go(c.remind)
	}
	return nil
}

// remind types the key: once the program has come to read keys, and again if it still
// does so after a while, for it may have read lines in the very moment of the key.
func (c *client) remind() {
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
		st, err := c.s.master.LineState()
		switch {
		case err != nil:
			return // it is gone
		case st.Canonical:
			told = time.Time{}
			continue
		case time.Since(told) < patience:
			continue
		}
		in := Input{Source: c.source(), Steps: []Step{{Keys: []string{"Ctrl+D"}}}, Timeout: job.Forever, Approximate: true}
		if c.s.Send(c.ctx, in) != nil {
			return
		}
		told, patience = time.Now(), 2*patience
		n++
	}
}
