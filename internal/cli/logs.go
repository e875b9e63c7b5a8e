package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/stream"
)

// logsOptions are the flags of sluice logs.
type logsOptions struct {
	follow  bool
	ranks   job.RankSet
	stream  string
	offset  int64
	tail    int
	raw     bool
	attempt int
	dedup   bool
}

func newLogs(a *app) *cobra.Command {
	o := logsOptions{tail: -1, attempt: -1}
	cmd := &cobra.Command{
		Use:   "logs [RUN[/RANKS]]",
		Short: "Show what the workers of a run wrote",
		Long: `Show the logs of a run, rank by rank; with -f, as they grow, until the run ends.
Without RUN, the latest. Of a run over several machines that goes on, the ranks
on all of them; of one that has ended, those that were here. Everything goes to stdout; lines are headed by their
rank when there is more than one (--raw: bytes as they are).
` + statuses,
		Example: `  sluice logs --rank 3 --stream err --tail 20
  sluice logs -f train/0
  sluice logs train --rank 0 --stream out --raw > out.bin`,
		Args: between(0, 1, "at most one RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for flag, n := range map[string]int{"tail": o.tail, "attempt": o.attempt} {
				if n < 0 && cmd.Flags().Changed(flag) {
					return usagef("--%s: %d is negative", flag, n)
				}
			}
			return o.run(cmd.Context(), a, argOr(args, 0, latest))
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.follow, "follow", "f", false, "go on showing what comes, until the run ends")
	f.Var(&o.ranks, "rank", "ranks to show (default all)")
	f.StringVar(&o.stream, "stream", "", "`STREAM` to show: out or err (default both)")
	f.Int64Var(&o.offset, "since-offset", 0, "begin at byte `N` of each log")
	f.IntVar(&o.tail, "tail", -1, "begin `N` lines before the end of each log")
	f.BoolVar(&o.raw, "raw", false, "bytes as they are, no prefixes")
	f.BoolVar(&o.dedup, "dedup", false, "with -f: show a line that many ranks write within a short time once")
	f.IntVar(&o.attempt, "attempt", -1, "show attempt `N`, counted from 0 (default: each rank's latest)")
	// -1 stands for "not given"; a help page that shows it would mislead.
	f.Lookup("tail").DefValue, f.Lookup("attempt").DefValue = "0", "0"
	return cmd
}

// logFile is one log to show.
type logFile struct {
	rank, local, attempt int
	std                  job.Stream
	dir                  string
	from                 int64
	// node is by whom a log on another machine is had, and has no dir; its
	// attempt is -1 for the latest.
	node *runs.Record
}

func (l logFile) name() string { return l.std.String() + ".log" }

func (o *logsOptions) run(ctx context.Context, a *app, sel string) error {
	rec, ranks, err := target(sel)
	if err != nil {
		return err
	}
	v := across(ctx, rec)
	if !v.several() {
		v.here = fresh(ctx, v.here)
	}
	rec = v.here
	if !ranks.IsZero() && !o.ranks.IsZero() {
		return usagef("ranks are named twice: in %q and with --rank", sel)
	}
	if ranks.IsZero() {
		ranks = o.ranks
	}
	if o.offset < 0 {
		return usagef("--since-offset: %d is negative", o.offset)
	}
	if o.dedup && !o.follow {
		return usagef("--dedup is for logs as they come: add -f")
	}
	files, far, err := o.find(v, ranks)
	if err == nil && o.follow && len(files)+len(far) == 0 && waits(rec) {
		fmt.Fprintf(a.stderr, "sluice: run %s waits for the other machines, and this with it\n", rec.ID)
		v = begun(ctx, v)
		rec = v.here
		files, far, err = o.find(v, ranks)
	}
	if err != nil || ctx.Err() != nil {
		return err
	}
	if len(files)+len(far) == 0 {
		if waits(rec) {
			return &flagError{err: fmt.Errorf("run %s has no logs yet: it waits for the other machines", rec.ID), hint: "to wait with it: sluice logs -f " + rec.ID}
		}
		if rec.State == runs.Ended && len(rec.Workers) == 0 && rec.Spec.Nodes.Several() && rec.Remote == nil {
			return &flagError{err: fmt.Errorf("run %s has no logs here: it ended before a worker was started", rec.ID)}
		}
		if parts := remoteParts(rec); len(parts) > 0 {
			return usagef("run %s was on other hosts, and so are its logs: sluice gather %[1]s DIR brings them here, or %s %s sluice logs %s shows those of one", rec.ID, job.Quote(rec.Remote.SSH...), parts[0].Host, parts[0].Run)
		}
		if !ranks.IsZero() && rec.Spec.Nodes.Elastic() {
			return v.noRank(ranks)
		}
		if !ranks.IsZero() && rec.Spec.Nodes.Several() {
			return usagef("run %s has no such logs on this machine: its other machines have those of their ranks", rec.ID)
		}
		return usagef("run %s has no such logs (%d ranks; see --rank, --stream, --attempt)", rec.ID, v.size())
	}
	if v.err != nil && rec.State != runs.Ended && ranks.IsZero() {
		fmt.Fprintf(a.stderr, "sluice: these are the ranks on this machine: the others cannot be asked: %v\n", v.err)
	}
	if o.follow {
		return o.followAll(ctx, a, v, ranks, files, far)
	}
	return o.printAll(ctx, a, inRanks(files, far))
}

// find finds the logs that were asked for, here and on other machines.
func (o *logsOptions) find(v *view, ranks job.RankSet) (here, far []logFile, err error) {
	if here, err = o.files(v.here, ranks); err != nil {
		return nil, nil, err
	}
	far, err = o.elsewhere(v, ranks)
	return here, far, err
}

// streams are the streams that were asked for.
func (o *logsOptions) streams() ([]job.Stream, error) {
	if o.stream == "" {
		return []job.Stream{job.Stdout, job.Stderr}, nil
	}
	s, err := job.ParseStream(o.stream)
	if err != nil || s == job.StreamStdin {
		return nil, usagef("--stream: %q is neither out nor err", o.stream)
	}
	return []job.Stream{s}, nil
}

// files finds the logs that were asked for.
func (o *logsOptions) files(rec *runs.Record, ranks job.RankSet) ([]logFile, error) {
	streams, err := o.streams()
	if err != nil {
		return nil, err
	}
	var out []logFile
	for _, w := range rec.Workers {
		if !ranks.IsZero() && !ranks.Contains(w.Rank) {
			continue
		}
		attempt := w.Attempt
		if o.attempt >= 0 {
			attempt = o.attempt
		}
		dir := filepath.Join(rec.Dir, runs.WorkerDir(attempt, w.LocalRank))
		for _, s := range streams {
			l := logFile{rank: w.Rank, local: w.LocalRank, attempt: attempt, std: s, dir: dir, from: o.offset}
			size, err := stream.Size(dir, l.name())
			if errors.Is(err, os.ErrNotExist) {
				if file, was := session.WereDeleted(dir); was {
					return nil, usagef("the logs of %s were deleted, as they held what was not to be kept: the recording %s has the rest", rec.ID, file)
				}
				continue // this stream has no log
			}
			if err != nil {
				return nil, err
			}
			if o.tail >= 0 {
				if l.from, err = stream.TailOffset(dir, l.name(), o.tail); err != nil {
					return nil, err
				}
			}
			if l.from > size && !o.follow {
				return nil, usagef("--since-offset: %d is past the end of the %v log of rank %d (%d bytes)", l.from, s, w.Rank, size)
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func (o *logsOptions) prefixed(files []logFile) bool {
	for _, l := range files {
		if l.rank != files[0].rank {
			return !o.raw
		}
	}
	return false
}

// printAll shows the logs one after the other.
func (o *logsOptions) printAll(ctx context.Context, a *app, files []logFile) error {
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	prefixed := o.prefixed(files)
	for _, l := range files {
		src, err := o.open(ctx, a, l)
		if errors.Is(err, os.ErrNotExist) {
			continue // this stream has no log over there
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if prefixed {
			err = copyLines(out, src, "["+strconv.Itoa(l.rank)+"] ")
		} else {
			_, err = io.Copy(out, src)
		}
		src.Close()
		if err != nil {
			return errors.Join(fmt.Errorf("showing the %v log of rank %d: %w", l.std, l.rank, err), out.Flush())
		}
	}
	return out.Flush()
}

// open opens a log up to its present end.
func (o *logsOptions) open(ctx context.Context, a *app, l logFile) (io.ReadCloser, error) {
	if l.node != nil {
		return o.openFar(ctx, a, l)
	}
	r, err := stream.OpenReader(l.dir, l.name())
	if err != nil {
		return nil, err
	}
	return &presentReader{r: r, off: l.from, end: r.Size(), warn: a.stderr}, nil
}

// presentReader reads what is there of a log up to an end, and tells of what was
// deleted by --log-keep.
type presentReader struct {
	r        *stream.Reader
	off, end int64
	warn     io.Writer
}

func (p *presentReader) Read(b []byte) (int, error) {
	for p.off < p.end {
		n, err := p.r.ReadAt(b[:min(int64(len(b)), p.end-p.off)], p.off)
		p.off += int64(n)
		var skipped *stream.SkippedError
		if errors.As(err, &skipped) {
			fmt.Fprintln(p.warn, "sluice:", skipped)
			p.off, err = skipped.To, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

func (p *presentReader) Close() error { return p.r.Close() }

// copyLines puts prefix before every line, whatever its length.
func copyLines(w *bufio.Writer, r io.Reader, prefix string) error {
	br := bufio.NewReaderSize(r, 64<<10)
	fresh, last := true, byte('\n')
	for {
		part, err := br.ReadSlice('\n')
		if len(part) > 0 {
			if fresh {
				w.WriteString(prefix)
			}
			w.Write(part)
			last = part[len(part)-1]
			fresh = last == '\n'
		}
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF:
			if last != '\n' {
				w.WriteByte('\n')
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// offsetSource is a log from an offset on, as the console wants it.
type offsetSource struct {
	*stream.Reader
	from int64
}

func (s offsetSource) ReadAt(p []byte, off int64) (int, error) { return s.Reader.ReadAt(p, off+s.from) }
func (s offsetSource) Size() int64                             { return max(s.Reader.Size()-s.from, 0) }
