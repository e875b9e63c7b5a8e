//go:build !small

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/runs"
	"github.com/sluicerun/sluice/internal/web"
	"github.com/sluicerun/sluice/session"
)

// streamOptions are the flags of sluice stream.
type streamOptions struct {
	serve    string
	to       string
	token    string
	hosts    []string
	title    string
	input    bool
	linger   castTime
	insecure bool
}

func newStream(a *app) *cobra.Command {
	var o streamOptions
	cmd := &cobra.Command{
		Use:   streamUse,
		Short: streamShort,
		Long: `Serve a page with asciinema's player that follows a worker's terminal as it goes
(--serve, the default), or stream it to an asciinema-compatible server (--to). Who
watches can do nothing else. The page's URL goes to standard output; below it are
cast (the recording so far) and screen (?format=text, svg, png, html, json).

Served is 127.0.0.1 alone unless another address is given; there a token in the
URL keeps others out, but the network sees everything: put a server that speaks
TLS before it, or carry it over ssh -L.
` + statuses,
		Example: `  sluice stream night
  sluice stream night --serve 0.0.0.0:8080 --linger 1m
  sluice stream night/0 --to wss://asciinema.example/ws/S/TOKEN`,
		Args: between(1, 2, "RUN[/RANK]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			arg, err := o.address(args)
			if err != nil {
				return err
			}
			return webError(cmd, o.run(a, cmd, arg))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.serve, "serve", "", "listen on `ADDR`, as HOST:PORT (default: a free port of 127.0.0.1)")
	f.Lookup("serve").NoOptDefVal = anyPort
	f.StringVar(&o.to, "to", "", "stream to the producer's `URL` of a server, wss://...")
	f.StringVar(&o.token, "token", "", "what the page's path begins with, `WORD` (default: a random one beyond this machine)")
	f.StringArrayVar(&o.hosts, "host", nil, "another `NAME` by which browsers may ask for the page; may be repeated")
	f.StringVar(&o.title, "title", "", "the page's")
	f.BoolVar(&o.input, "input", false, "show what is typed, too")
	f.Var(&o.linger, "linger", "end so long after the session; else at Ctrl-C")
	f.BoolVar(&o.insecure, "insecure", false, "--to: without TLS")
	return cmd
}

// anyPort is what --serve alone means.
const anyPort = "127.0.0.1:0"

// address finds out which argument is the run. As --serve may stand alone, an ADDR
// behind a blank is among the arguments.
func (o *streamOptions) address(args []string) (run string, err error) {
	if len(args) == 1 {
		return args[0], nil
	}
	i := slices.IndexFunc(args, func(s string) bool { return strings.Contains(s, ":") })
	if o.serve != anyPort || i < 0 {
		return "", usagef("sluice stream takes one RUN[/RANK], and --serve an ADDR of the form HOST:PORT, not %q", args)
	}
	o.serve = args[i]
	return args[1-i], nil
}

// webError is bad usage where an option made no sense.
func webError(cmd *cobra.Command, err error) error {
	var option *web.OptionError
	if errors.As(err, &option) {
		return &flagError{err: err, hint: "see: " + cmd.CommandPath() + " --help"}
	}
	return err
}

func (o *streamOptions) run(a *app, cmd *cobra.Command, arg string) error {
	if o.to != "" && o.serve != "" {
		return usagef("--serve and --to exclude each other")
	}
	p, err := a.onePlace(cmd.Context(), arg)
	if err == nil {
		err = p.local()
	}
	if err != nil {
		return err
	}
	if p.rec.Spec.Pty == nil {
		return usagef("%s has no terminal to show: start it with sluice rec or sluice run --pty", p)
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.to != "" {
		live, err := o.follow(ctx, p)
		if err != nil {
			return err
		}
		defer live.close()
		return asked(ctx, web.Push(ctx, web.PushOptions{URL: o.to, Insecure: o.insecure, Input: o.input,
			Notice: func(text string) { fmt.Fprintln(a.stderr, "sluice:", text) }}, live))
	}
	var live *liveSession
	var unsaid error
	err = web.Serve(ctx, web.Options{
		Listen: o.serve, Token: o.token, Hosts: o.hosts, Input: o.input, Title: o.title, Linger: time.Duration(o.linger),
		Source: func(ctx context.Context) (web.Live, error) {
			var err error
			live, err = o.follow(ctx, p)
			return live, err
		},
		Cast: func(w io.Writer) error {
			return session.WriteCast(p.dir(), w, session.CastOptions{Format: cast.V2, Input: o.input})
		},
		Ready: func(url string) {
			// A page at a place that nobody knows is served for nobody.
			if _, unsaid = fmt.Fprintln(a.stdout, url); unsaid != nil {
				stop()
			}
		},
	})
	if live != nil {
		live.close()
	}
	if unsaid != nil {
		return fmt.Errorf("saying where the page is: %w", unsaid)
	}
	return asked(ctx, err)
}

// asked is no error if somebody asked for the end.
func asked(ctx context.Context, err error) error {
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// liveSession is a worker's terminal as it goes, for the web.
type liveSession struct {
	header cast.Header
	events chan cast.Event
	err    error // once events is closed
	quit   context.CancelFunc
	done   chan struct{}
}

func (o *streamOptions) follow(ctx context.Context, p place) (*liveSession, error) {
	dir := p.dir()
	h, _, err := session.OpenCast(dir, session.CastOptions{})
	if err != nil {
		return nil, err
	}
	logs, err := session.Follow(dir, o.input)
	if err != nil {
		return nil, err
	}
	ctx, quit := context.WithCancel(ctx)
	l := &liveSession{header: h, events: make(chan cast.Event), quit: quit, done: make(chan struct{})}
	go watchEnd(ctx, p, logs.Finish)
	go func() {
		defer close(l.done)
		defer logs.Close()
		defer close(l.events)
		l.err = logs.Record(ctx, session.CastOptions{Input: o.input}, func(cast.Header) error { return nil }, func(e cast.Event) error {
			e.Data = append([]byte(nil), e.Data...)
			select {
			case l.events <- e:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	}()
	return l, nil
}

// watchEnd tells when nobody writes to the logs of a terminal any more: its agent
// may have been killed before it could say how it ended.
func watchEnd(ctx context.Context, p place, finish func()) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		rec, err := runs.Load(p.rec.Dir)
		if err != nil || rec.State == runs.Ended || rec.Lost() {
			finish()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *liveSession) Header() cast.Header { return l.header }

func (l *liveSession) Next(ctx context.Context) (cast.Event, error) {
	select {
	case e, more := <-l.events:
		if more {
			return e, nil
		}
		if l.err != nil {
			return cast.Event{}, l.err
		}
		return cast.Event{}, io.EOF
	case <-ctx.Done():
		return cast.Event{}, context.Cause(ctx)
	}
}

func (l *liveSession) close() {
	l.quit()
	<-l.done
}
