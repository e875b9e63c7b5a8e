package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
)

// psEnded is how many ended runs are listed unless --all.
const psEnded = 10

func newPs(a *app) *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use:   "ps [RUN]",
		Short: "List the runs on this machine, with their ranks",
		Long: `List runs, the latest first: those that go on and the last few that ended.
With RUN, that one alone. Of a run over several machines that goes on, the ranks
on all of them; of one that has ended, those that were here ("n=2 of 6").
` + statuses,
		Example: "  sluice ps\n  sluice ps train --json | jq '.[0].result.status'",
		Args:    between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			recs, err := psRecords(cmd.Context(), argOr(args, 0, ""), all)
			if err != nil {
				return err
			}
			all := a.everywhere(cmd.Context(), recs)
			if asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(all)
			}
			return psText(a, all, args)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON: the runs' records, and their nodes")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "every run that ended, not just the last ones")
	return cmd
}

func psRecords(ctx context.Context, sel string, all bool) ([]*runs.Record, error) {
	var recs []*runs.Record
	if sel != "" {
		rec, _, err := find(sel)
		if err != nil {
			return nil, err
		}
		recs = append(recs, rec)
	} else {
		recs = runs.List()
	}
	out := recs[:0]
	ended := 0
	for _, rec := range recs {
		if rec = settle(rec); !onHosts(rec) {
			rec = fresh(ctx, rec)
		}
		if rec.State == runs.Ended {
			if ended++; ended > psEnded && !all && sel == "" {
				continue
			}
		}
		out = append(out, rec)
	}
	return out, nil
}

func psText(a *app, recs []*psRun, args []string) error {
	if len(recs) == 0 {
		fmt.Fprintln(a.stderr, "sluice: no runs yet; start one with: sluice run COMMAND")
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	// The column is for who has runs over several machines.
	host := func(string) string { return "" }
	if slices.ContainsFunc(recs, func(r *psRun) bool { return len(r.Nodes) > 1 }) {
		host = func(name string) string { return name + "\t" }
	}
	fmt.Fprintln(w, "RUN\tRANK\t"+host("HOST")+"STATE\tPID\tUPTIME\tEXIT\tCOMMAND")
	now := time.Now()
	for _, r := range recs {
		end, exit := now, "-"
		if r.Result != nil {
			end, exit = r.Result.Ended, fmt.Sprint(r.Result.Status)
		}
		pid := "-"
		if r.Agent != nil && r.State != runs.Ended {
			pid = fmt.Sprint(r.Agent.Pid)
		}
		fmt.Fprintf(w, "%s\t%s\t%s%s\t%s\t%s\t%s\t%s\n", r.ID, r.count(), host(r.Host), runState(r.Record), pid,
			uptime(end.Sub(r.Started)), exit, clip(job.Quote(commandOf(r.Spec)...), 50))
		for _, n := range r.Nodes {
			for _, row := range n.rows(host, len(args) > 0, now) {
				fmt.Fprintln(w, "\t"+row)
			}
		}
		if len(r.Nodes) == 0 {
			for _, row := range workerRows(r.Record, host, len(args) > 0, now) {
				fmt.Fprintln(w, "\t"+row)
			}
		}
	}
	return w.Flush()
}

// workerRows lists the ranks: each one of a run that goes on or was asked for,
// else only those that failed by themselves.
func workerRows(r *runs.Record, host func(string) string, all bool, now time.Time) []string {
	var rows []string
	for _, w := range r.Workers {
		if r.State == runs.Ended && !all && !w.Failed() {
			continue
		}
		end := w.Ended
		if end.IsZero() {
			end = now
		}
		up := "-"
		if !w.Started.IsZero() {
			up = uptime(end.Sub(w.Started))
		}
		exit := "-"
		if w.Kind != job.KindRunning {
			exit = exitWord(w.Outcome)
		}
		pid := "-"
		if w.PID != 0 {
			pid = fmt.Sprint(w.PID)
		}
		rows = append(rows, fmt.Sprintf("%d\t%s%s\t%s\t%s\t%s\t", w.Rank, host(r.Host), workerState(w), pid, up, exit))
	}
	return rows
}

func workerState(w runs.Worker) string {
	switch {
	case w.Kind == job.KindRunning:
		return "running"
	case w.Failed():
		return "failed"
	case w.Cause != job.CauseOwn:
		return "stopped"
	}
	return "done"
}

func runState(r *runs.Record) string {
	if r.Result != nil {
		return string(r.Result.Verdict)
	}
	state := string(r.State)
	if waits(r) {
		state = "waiting" // for the other machines
	}
	if r.State == runs.Running && r.Launcher == nil {
		state += " (detached)"
	}
	return state
}

func commandOf(s job.Spec) []string {
	if s.Func != "" {
		return []string{"func", s.Func}
	}
	return s.Command
}

// exitWord is how a worker ended, in a word or two.
func exitWord(o job.Outcome) string {
	switch o.Kind {
	case job.KindSignaled:
		s := strings.TrimPrefix(o.Signal.String(), "")
		if o.Core {
			s += " (core)"
		}
		if o.Cause == job.CauseOOM {
			s += " (out of memory)"
		}
		if o.Cause == job.CauseTimer {
			s += " (timer)"
		}
		return s
	case job.KindStartFailed:
		return fmt.Sprintf("%d (not started)", o.Code)
	case job.KindUnknown:
		return "unknown"
	}
	return fmt.Sprint(o.Code)
}

// uptime has the precision people want at each scale.
func uptime(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
