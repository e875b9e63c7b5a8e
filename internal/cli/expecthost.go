package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sluicerun/sluice/internal/dialogue"
	"github.com/sluicerun/sluice/internal/tempdir"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/playback/animate"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt/render"
)

// scriptHost runs the programs of a script in this process.
type scriptHost struct {
	dialogue.System
	out, err io.Writer
	record   string // directory for the logs that somebody wants to keep; "": none

	logs    string       // where logs go: record, or a directory of ours; "": none are kept
	own     *tempdir.Dir // that one of ours
	names   []string
	started bool
}

// prepare makes the directory for logs, if any are wanted or a recording is to be
// made of them.
func (h *scriptHost) prepare(s *dialogue.Script) error {
	h.logs = h.record
	if h.record != "" {
		if err := os.Mkdir(h.record, 0o700); err != nil {
			return usagef("--record: %w", err)
		}
		return nil
	}
	if !s.Records() {
		return nil
	}
	var err error
	if h.own, err = tempdir.Make("sluice-expect-"); err != nil {
		return fmt.Errorf("making a directory for the recording: %w", err)
	}
	h.logs = h.own.Path
	return nil
}

// finish removes what nobody wants of the logs: all of them if they were kept for
// a recording only, and the directory that was to have them if no program was
// started.
func (h *scriptHost) finish() {
	switch {
	case h.own != nil:
		h.own.Remove()
	case h.logs != "" && !h.started:
		os.Remove(h.record)
	}
}

func (h *scriptHost) Echo(text string) { fmt.Fprintln(h.out, text) }

// Start implements dialogue.Host.
func (h *scriptHost) Start(ctx context.Context, spec dialogue.StartSpec) (dialogue.Terminal, error) {
	c := session.Command{
		Args: spec.Args, Cwd: spec.Cwd, Env: append(os.Environ(), spec.Env...), Dir: h.place(spec.Name),
		Size: session.Size{Cols: uint16(spec.Size.Cols), Rows: uint16(spec.Size.Rows)},
		Note: func(text string) { fmt.Fprintln(h.err, "sluice:", text) },
	}
	// The terminal is ours and not the one that this process is in.
	c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, "TERM=") && !slices.Contains(spec.Env, kv) })
	t := &scriptTerminal{dir: c.Dir, hidden: spec.Hidden, shell: spec.Shell}
	if spec.Shell != "" {
		var err error
		if t.files, err = tempdir.Make("sluice-shell-"); err != nil {
			return nil, fmt.Errorf("starting a shell: %w", err)
		}
		if err := cleanShell(&c, spec.Shell, spec.Prompt, t.files.Path); err != nil {
			t.clean()
			return nil, err
		}
	}
	var err error
	if t.s, err = session.Start(ctx, c); err != nil {
		t.clean()
		h.forget(c.Dir)
		return nil, err
	}
	h.started = true
	if spec.Hidden {
		t.s.Hide()
	}
	return t, nil
}

// forget removes the logs of a program that did not start, which are empty. Below
// the directory may be those of others.
func (h *scriptHost) forget(dir string) {
	if dir == "" {
		return
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if !f.IsDir() {
			os.Remove(filepath.Join(dir, f.Name()))
		}
	}
	if dir != h.logs {
		os.Remove(dir)
	}
}

// place is where a program's logs go: the directory itself for the first one
// without a name, and one below it for each other.
func (h *scriptHost) place(name string) string {
	if h.logs == "" {
		return ""
	}
	base, n := name, 1
	for slices.Contains(h.names, name) {
		n++
		name = strings.TrimPrefix(base+"-"+strconv.Itoa(n), "-")
	}
	h.names = append(h.names, name)
	return filepath.Join(h.logs, name)
}

// scriptTerminal is one program of a script.
type scriptTerminal struct {
	s      *session.Session
	dir    string       // of its logs, if they are kept
	files  *tempdir.Dir // of a shell; nil: it is none
	hidden bool         // it began hidden
	shell  string       // its name, if it is a clean one
}

func (t *scriptTerminal) Send(ctx context.Context, in session.Input) error {
	if in.Timeout > 0 {
		in.Timeout += job.Duration(pauses(in.Steps))
	}
	return t.s.Send(ctx, in)
}

func (t *scriptTerminal) Wait(ctx context.Context, c session.Condition) (dialogue.Screen, error) {
	err := t.s.Wait(ctx, c)
	var no *session.NotMetError
	if errors.As(err, &no) {
		err = dialogue.ErrNotMet
		if no.Ended {
			err = dialogue.ErrEnded
		}
	}
	return t.screen(), err
}

func (t *scriptTerminal) Screen(context.Context) (dialogue.Screen, error) { return t.screen(), nil }

func (t *scriptTerminal) screen() dialogue.Screen {
	ended := t.s.Ended() // before the screen, which is the last one then
	s := asText(t.s.Screen(false))
	if s.Ended = ended; ended {
		s.Status, _ = t.s.Status()
	}
	return s
}

func (t *scriptTerminal) Resize(_ context.Context, size dialogue.Size) error {
	return t.s.Resize(session.Size{Cols: uint16(size.Cols), Rows: uint16(size.Rows)})
}

func (t *scriptTerminal) Signal(_ context.Context, sig job.Signal) error {
	return t.s.Signal(syscall.Signal(sig))
}

func (t *scriptTerminal) Mark(_ context.Context, label string) error {
	t.s.Mark(label)
	return nil
}

// Record only says where: the log has every byte, or it could not be replayed.
func (t *scriptTerminal) Record(_ context.Context, on bool) error {
	if on {
		t.s.Show()
	} else {
		t.s.Hide()
	}
	return nil
}

// Recording makes it of the logs, which are complete.
func (t *scriptTerminal) Recording(_ context.Context, file string) error {
	if t.dir == "" {
		return errors.New("the logs of this program were not kept")
	}
	if file == "-" {
		file = "./-"
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	o := session.CastOptions{Hidden: t.hidden, Command: t.shell}
	if strings.EqualFold(filepath.Ext(file), ".gif") {
		err = t.film(f, o)
	} else {
		err = session.WriteCast(t.dir, f, o)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(file)
	}
	return err
}

// film draws what happened.
func (t *scriptTerminal) film(w io.Writer, o session.CastOptions) error {
	h, events, err := session.OpenCast(t.dir, o)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	if err := animate.GIF(b, h, events, animate.Options{}); err != nil {
		return err
	}
	return b.Flush()
}

func (t *scriptTerminal) Screenshot(_ context.Context, file string) error {
	snap, opt := t.s.Screen(false), render.Options{}
	write := func(w io.Writer) error { _, err := io.WriteString(w, render.Text(snap, opt)); return err }
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".ans":
		write = func(w io.Writer) error { _, err := w.Write(render.ANSI(snap, opt)); return err }
	case ".json":
		write = func(w io.Writer) error {
			b, err := render.JSON(snap, opt)
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		}
	default:
		for _, p := range pictures {
			if ext == "."+p.flag {
				write = func(w io.Writer) error { return p.write(w, snap, opt) }
			}
		}
	}
	if file == "-" {
		file = "./-" // a script names files
	}
	return writeFile(nil, file, write)
}

func (t *scriptTerminal) Close(context.Context) error {
	// How a program ends that we hang up on is no part of a recording.
	if !t.s.Ended() {
		t.s.Hide()
	}
	t.s.Close()
	return t.clean()
}

func (t *scriptTerminal) clean() error {
	if t.files == nil {
		return nil
	}
	return t.files.Remove()
}
