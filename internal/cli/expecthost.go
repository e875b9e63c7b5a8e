package cli

import (
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
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
	"github.com/sluicerun/sluice/vt/render"
)

// scriptHost runs the programs of a script in this process.
type scriptHost struct {
	dialogue.System
	out, err io.Writer
	record   string // directory for the logs; "": none is kept
	names    []string
}

// prepare looks for what cannot be done before anything runs.
func (h *scriptHost) prepare(s *dialogue.Script) error {
	for _, f := range s.Outputs() {
		if strings.EqualFold(filepath.Ext(f), ".cast") {
			return &refused{fmt.Sprintf("%s: the output %s cannot be written\n  hint: --record DIR keeps a recording that scriptreplay(1) plays", s.Name, f)}
		}
	}
	if h.record == "" {
		return nil
	}
	if err := os.Mkdir(h.record, 0o700); err != nil {
		return usagef("--record: %w", err)
	}
	return nil
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
	t := &scriptTerminal{dir: c.Dir}
	if spec.Shell != "" {
		var err error
		if t.files, err = os.MkdirTemp("", "sluice-shell-"); err != nil {
			return nil, fmt.Errorf("starting a shell: %w", err)
		}
		if err := cleanShell(&c, spec.Shell, spec.Prompt, t.files); err != nil {
			os.RemoveAll(t.files)
			return nil, err
		}
	}
	var err error
	if t.s, err = session.Start(ctx, c); err != nil {
		t.clean()
		return nil, err
	}
	if spec.Hidden {
		t.note("HIDE", "")
	}
	return t, nil
}

// place is where a program's logs go: the directory itself for the first one
// without a name, and one below it for each other.
func (h *scriptHost) place(name string) string {
	if h.record == "" {
		return ""
	}
	base, n := name, 1
	for slices.Contains(h.names, name) {
		n++
		name = strings.TrimPrefix(base+"-"+strconv.Itoa(n), "-")
	}
	h.names = append(h.names, name)
	return filepath.Join(h.record, name)
}

// scriptTerminal is one program of a script.
type scriptTerminal struct {
	s     *session.Session
	dir   string // of its logs, if they are kept
	files string // of a shell, to be removed
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

func (t *scriptTerminal) Mark(_ context.Context, label string) error { return t.note("MARK", label) }

// Record only says where: the log has every byte, or it could not be replayed.
func (t *scriptTerminal) Record(_ context.Context, on bool) error {
	if on {
		return t.note("SHOW", "")
	}
	return t.note("HIDE", "")
}

// note puts an entry into the timing of a recording. Like the session's own it
// is one write to a file that is only appended to, and it is of the kind that
// script's readers skip.
func (t *scriptTerminal) note(name, value string) error {
	if t.dir == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(t.dir, session.TimingFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("putting a mark into the recording: %w", err)
	}
	defer f.Close()
	value = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, value)
	if _, err := f.WriteString(strings.TrimRight("H 0.000000 "+name+" "+value, " ") + "\n"); err != nil {
		return fmt.Errorf("putting a mark into the recording: %w", err)
	}
	return nil
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
	t.s.Close()
	return t.clean()
}

func (t *scriptTerminal) clean() error {
	if t.files == "" {
		return nil
	}
	return os.RemoveAll(t.files)
}
