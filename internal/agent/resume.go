//go:build linux

package agent

import (
	"context"
	"os"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/proc"
	"github.com/sluicerun/sluice/internal/runs"
)

// Resume becomes the launcher of a run that has none, and returns its exit
// status when it has ended.
func Resume(ctx context.Context, rec *runs.Record) (int, error) {
	me, err := proc.Identify(os.Getpid())
	if err != nil {
		return 0, err
	}
	l, theirs, err := pair()
	if err != nil {
		return 0, err
	}
	st, files := Start{Launcher: me}, []*os.File{theirs, os.Stdout, os.Stderr}
	var own *ownTerminal
	if spec := rec.Spec; spec.Pty != nil && spec.Pty.Shown {
		if st.Front = shows(&spec, false); st.Front != nil {
			st.Front.PID, st.Front.FromStart = me.Pid, false
			if own, err = newOwnTerminal(Terminal{}, spec); err != nil {
				return 0, err
			}
			files = append(files, own.theirs)
		}
	}
	// The first message waits in the socket for whoever takes the other end.
	if err := l.send(message{Kind: kindStart, Start: &st}); err != nil {
		return 0, err
	}
	// The console may be here before the answer is, and with it a Ctrl-C.
	t := newTerminal(l)
	t.hear(rec.Spec.Stop, own == nil)
	_, err = api.Ask(ctx, rec.Socket, api.Request{Op: api.OpResume}, files...)
	theirs.Close()
	if own != nil {
		own.theirs.Close()
	}
	if err != nil {
		own.end()
		t.close()
		l.close()
		return 0, err
	}
	a := &Agent{link: l, dir: rec.Dir, run: rec.ID, terminal: t, own: own}
	return a.follow()
}
