package cli

import (
	"context"
	"fmt"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/api"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// sessionsAsk bounds the question to one terminal, and sessionsAtOnce how many
// are asked at the same time.
const (
	sessionsAsk    = 2 * time.Second
	sessionsAtOnce = 8
)

// sessionRow is one terminal, as sluice sessions --json shows it.
type sessionRow struct {
	Run     string         `json:"run"`
	Rank    int            `json:"rank"`
	Command []string       `json:"command"`
	Host    string         `json:"host,omitempty"` // of one on another machine
	PID     int            `json:"pid,omitempty"`  // there
	Started time.Time      `json:"started"`
	Ended   *time.Time     `json:"ended,omitempty"`
	Status  *int           `json:"status,omitempty"` // of a worker that has ended
	Title   string         `json:"title,omitempty"`
	State   *session.State `json:"state,omitempty"` // absent if nobody answers, or the run has ended

	place place
	how   job.Outcome
}

func newSessions(a *app) *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use:   "sessions [RUN]",
		Short: "List workers on terminals",
		Long: `List the workers that have terminals, those of the latest run first: their size,
who reads the keyboard, how many are attached (r: only watching), the title. A
PID on another machine is HOST:PID. Of those that have ended, the last few.
` + statuses,
		Example: "  sluice sessions\n  sluice sessions edit --json",
		Args:    between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			recs, err := psRecords(cmd.Context(), argOr(args, 0, ""), all)
			if err != nil {
				return err
			}
			rows := sessionRows(cmd.Context(), recs)
			if len(args) > 0 && len(rows) == 0 {
				_, err := places(cmd.Context(), recs[0], job.RankSet{})
				return err
			}
			askSessions(cmd.Context(), rows)
			if asJSON {
				return printJSON(a, rows)
			}
			return sessionsText(a, rows)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "every run that ended, not just the last ones")
	return cmd
}

func sessionRows(ctx context.Context, recs []*runs.Record) []*sessionRow {
	rows := []*sessionRow{}
	for _, rec := range recs {
		all, err := places(ctx, rec, job.RankSet{})
		if err != nil {
			continue // no terminals
		}
		refresh(ctx, all)
		for _, p := range all {
			row := &sessionRow{Run: rec.ID, Rank: p.rank, Command: commandOf(rec.Spec), Started: rec.Started, place: p}
			if p.rec.Via != "" {
				row.Host = p.rec.Host
			}
			if w := p.worker(); w != nil {
				row.PID, row.how = w.PID, w.Outcome
				if !w.Started.IsZero() {
					row.Started = w.Started
				}
				if w.Kind != job.KindRunning {
					row.Status, row.Ended, row.PID = new(w.Status()), &w.Ended, 0
				}
			}
			if row.Status == nil && rec.State == runs.Ended {
				row.Status, row.PID = new(p.status()), 0
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// refresh asks the other machines for the records of places there: from here it is
// known only which ranks they have.
func refresh(ctx context.Context, all []place) {
	asked := map[*runs.Record]bool{}
	var wg sync.WaitGroup
	turn := make(chan struct{}, sessionsAtOnce)
	for _, p := range all {
		if p.rec.Via == "" || asked[p.rec] {
			continue
		}
		asked[p.rec] = true
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			*p.rec = *fresh(ctx, p.rec)
		})
	}
	wg.Wait()
}

// askSessions asks those that go on.
func askSessions(ctx context.Context, rows []*sessionRow) {
	var wg sync.WaitGroup
	turn := make(chan struct{}, sessionsAtOnce)
	for _, row := range rows {
		if row.place.rec.State == runs.Ended {
			continue
		}
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			ctx, cancel := context.WithTimeout(ctx, sessionsAsk)
			defer cancel()
			// The socket itself: several ask about the same record.
			resp, err := api.Ask(ctx, row.place.rec.Socket, api.Request{Op: api.OpScreen, Via: row.place.rec.Via, Rank: row.Rank, Brief: true})
			if err != nil || resp.Screen == nil {
				return
			}
			row.State = &resp.Screen.State
			row.Title = row.State.Title
		})
	}
	wg.Wait()
}

func sessionsText(a *app, rows []*sessionRow) error {
	if len(rows) == 0 {
		fmt.Fprintln(a.stderr, "sluice: no terminals yet; start one with: sluice run --pty COMMAND")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SESSION\tSTATE\tPID\tUPTIME\tSIZE\tATTACHED\tFOREGROUND\tCOMMAND")
	now := time.Now()
	for _, r := range rows {
		end, state, size, attached, front, pid := now, "running", "-", "-", "-", "-"
		if r.Ended != nil {
			end = *r.Ended
		}
		if r.PID != 0 {
			pid = fmt.Sprint(r.PID)
			if r.Host != "" {
				pid = r.Host + ":" + pid
			}
		}
		if s := r.State; s != nil {
			size, attached = fmt.Sprintf("%dx%d", s.Cols, s.Rows), attachedWord(s.Clients)
			if s.Foreground.Command != "" {
				front = s.Foreground.Command
			}
			if s.Stopped {
				state = "stopped"
			}
			if s.TTY.Stopped {
				state = "held (^S)"
			}
		}
		switch {
		case r.Status != nil && r.how.Kind != job.KindRunning && r.how.Kind != "":
			state = "ended: " + exitWord(r.how)
		case r.Status != nil:
			state = fmt.Sprintf("ended: %d", *r.Status)
		case r.State == nil:
			state = "no answer"
		}
		what := clip(job.Quote(r.Command...), 40)
		if r.Title != "" {
			what += "  " + clip(fmt.Sprintf("%q", r.Title), 30)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.place, state, pid, uptime(end.Sub(r.Started)), size, attached, front, what)
	}
	return w.Flush()
}

// attachedWord counts who types and who watches: "2", "1+1r".
func attachedWord(clients []session.Client) string {
	typing, watching := 0, 0
	for _, c := range clients {
		if c.ReadOnly {
			watching++
		} else {
			typing++
		}
	}
	if watching > 0 {
		return fmt.Sprintf("%d+%dr", typing, watching)
	}
	return fmt.Sprint(typing)
}
