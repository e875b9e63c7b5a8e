//go:build !small

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/adopt"
)

// watchOptions are the flags of sluice watch.
type watchOptions struct {
	stdout, stderr bool
	fds            []int
	via            string
	json           bool
}

func newWatch(a *app) *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   watchUse,
		Short: watchShort,
		Long: `Show what a process that is already running writes from now on: what it writes
to its stdout on stdout, to its stderr on stderr, until it ends or you interrupt.
The process, its readers and its exit status stay as they are.

Each of its streams is watched in the best way that is permitted, and stderr says
which: a regular file is followed (file); else the kernel copies what is written
(bpf: root, or CAP_BPF and CAP_PERFMON), or the process is stopped at each of its
system calls (ptrace); or, if neither is permitted, a pipe is looked into before
its reader takes what is in it (tee), which may miss bytes or repeat them.

Exit status: 0 it has ended, or you interrupted; 1 it is not permitted, or cannot
be done; 2 bad usage, or there is no such process; 125 sluice itself failed.`,
		Example: `  sluice watch 4711
  sluice watch 4711 --stderr 2> errors.txt
  sluice watch 4711 --fd 3 --via ptrace --json`,
		Args: between(1, 1, "one PID"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), a, args[0]) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.stdout, "stdout", false, "watch stdout (default: it and stderr)")
	f.BoolVar(&o.stderr, "stderr", false, "watch stderr")
	f.IntSliceVar(&o.fds, "fd", nil, "watch descriptor `N`, and show it on stdout")
	f.StringVar(&o.via, "via", "", "this `WAY` and no other: file, bpf, ptrace, tee")
	f.BoolVar(&o.json, "json", false, "a JSON object for each write, with time, descriptor and data")
	return cmd
}

// options are what the library wants to know.
func (o *watchOptions) options() (w adopt.WatchOptions, err error) {
	if o.via != "" {
		if w.Via, err = adopt.ParseWatchWay(o.via); err != nil {
			return w, usagef("--via: %v", err)
		}
	}
	for _, fd := range o.fds {
		if fd < 0 {
			return w, usagef("--fd: %d is no descriptor", fd)
		}
	}
	if o.stdout {
		w.FDs = append(w.FDs, 1)
	}
	if o.stderr {
		w.FDs = append(w.FDs, 2)
	}
	w.FDs = append(w.FDs, o.fds...)
	return w, nil
}

func (o *watchOptions) run(ctx context.Context, a *app, arg string) error {
	opts, err := o.options()
	if err != nil {
		return err
	}
	p, err := openProcess(arg)
	if err != nil {
		return err
	}
	defer p.Close()
	// SIGPIPE: whoever reads us has gone.
	ctx, stop := signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE)
	defer stop()
	// What was seen is shown first, which never ends if nobody reads it: a second
	// signal ends us at once.
	defer context.AfterFunc(ctx, stop)()
	w, err := p.Watch(opts)
	if err == nil {
		defer w.Close()
		err = notOurs(w)
	}
	if err == nil {
		for _, s := range w.Streams {
			a.say(fmt.Sprintf("%s of %v (%s): watched by %s", adopt.StreamName(s.FD), p, s.Name, s.Way), s.Note)
		}
		err = w.Run(ctx, o.writer(a), func(text string) { a.say(text, "") })
	}
	if err == nil || errors.Is(err, unix.EPIPE) || errors.Is(err, adopt.ErrGone) {
		return nil
	}
	return notInspected(a, p, err)
}

// notOurs refuses to watch a file that we write what we see to: it would never end.
func notOurs(w *adopt.Watch) error {
	for _, file := range []*os.File{os.Stdout, os.Stderr} {
		var st unix.Stat_t
		if unix.Fstat(int(file.Fd()), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if slices.ContainsFunc(w.Streams, func(s adopt.Watched) bool {
			return s.Way == adopt.WatchFile && s.Dev == uint64(st.Dev) && s.Ino == st.Ino
		}) {
			return usagef("%s is the file that is watched: what is shown would be watched again, without end", file.Name())
		}
	}
	return nil
}

// watchLine is what --json shows of a write. Of Data and Base64 one is there: the
// latter if the bytes are not UTF-8.
type watchLine struct {
	Time   time.Time `json:"time"`
	FD     int       `json:"fd"`
	Data   string    `json:"data,omitempty"`
	Base64 []byte    `json:"base64,omitempty"`
	Lost   int64     `json:"lost,omitempty"`
}

// writer shows what the process writes.
func (o *watchOptions) writer(a *app) func(adopt.Written) error {
	if o.json {
		enc := json.NewEncoder(a.stdout)
		return func(w adopt.Written) error {
			line := watchLine{Time: w.Time, FD: w.FD, Lost: w.Lost}
			if utf8.Valid(w.Data) {
				line.Data = string(w.Data)
			} else {
				line.Base64 = w.Data
			}
			return enc.Encode(line)
		}
	}
	return func(w adopt.Written) error {
		out := a.stdout
		if w.FD == 2 {
			out = a.stderr
		}
		_, err := out.Write(w.Data)
		if w.Lost > 0 {
			from := "which it wrote"
			if w.FD >= 0 {
				from = "of its " + adopt.StreamName(w.FD)
			}
			a.say(fmt.Sprintf("%d bytes %s could not be had", w.Lost, from), "")
		}
		return err
	}
}
