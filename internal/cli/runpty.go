package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/internal/agent"
	"github.com/sluicerun/sluice/internal/pty"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/keys"
)

// ptyOptions are the flags of sluice run about terminals.
type ptyOptions struct {
	on         bool
	size       string
	policy     string
	stderr     string
	linger     string
	scrollback job.Size
	term       string
	detachKey  string
	keymap     string
	record     string
	terminal   agent.Terminal
}

// ptyFlags are those that mean nothing without --pty.
var ptyFlags = []string{"size", "size-policy", "stderr", "linger", "scrollback", "term", "detach-key", "keymap", "record"}

func (o *ptyOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "pty", false, "give each worker a terminal that people, scripts and agents share")
	f.StringVar(&o.size, "size", "", "its size, as `COLSxROWS` (default: that of this terminal, or 80x24)")
	f.StringVar(&o.policy, "size-policy", "", "whose size it has when several are attached, `POLICY`: latest (default), smallest, largest, fixed")
	f.StringVar(&o.stderr, "stderr", "pty", "standard error, `WHERE`: pty (the terminal) or split (a pipe and a log of its own)")
	f.StringVar(&o.linger, "linger", "", "how long what outlives a worker may write, `HOW`: idle:200ms (default), exit, eof")
	f.Var(&o.scrollback, "scrollback", "memory for lines that scrolled off (default 4M)")
	f.StringVar(&o.term, "term", "", "`TERM` for the workers")
	f.StringVar(&o.detachKey, "detach-key", "", "`KEY` that leaves the run to itself (default Ctrl+]; none)")
	f.StringVar(&o.keymap, "keymap", "", "`FILE` that says what the keyboard's keys become")
	f.StringVar(&o.record, "record", "", "record rank 0 to `FILE`, which must be new (sluice rec can do more)")
}

// finalize adds what the flags say to the spec.
func (o *ptyOptions) finalize(f *pflag.FlagSet, s *job.Spec) (err error) {
	if !o.on {
		if i := slices.IndexFunc(ptyFlags, f.Changed); i >= 0 {
			return usagef("--%s is about a worker's terminal: add --pty", ptyFlags[i])
		}
		return nil
	}
	p := &job.Pty{Scrollback: int64(o.scrollback), Term: o.term}
	s.Pty = p
	if o.size != "" {
		size, err := pty.ParseSize(o.size)
		if err != nil {
			return &flagError{err: fmt.Errorf("--size: %w", err)}
		}
		p.Cols, p.Rows = int(size.Cols), int(size.Rows)
	}
	if o.policy != "" {
		if p.Policy, err = job.ParseSizePolicy(o.policy); err != nil {
			return &flagError{err: fmt.Errorf("--size-policy: %w", err)}
		}
	}
	if o.linger != "" {
		if p.Linger, err = job.ParseLinger(o.linger); err != nil {
			return &flagError{err: fmt.Errorf("--linger: %w", err)}
		}
	}
	switch o.stderr {
	case "pty":
	case "split":
		p.SplitStderr = true
	default:
		return usagef("--stderr: %q is neither pty nor split", o.stderr)
	}
	if o.record != "" {
		if err := setRecord(p, job.Record{}, o.record); err != nil {
			return err
		}
	}
	o.terminal.DetachKey = o.detachKey
	if o.detachKey != "" && o.detachKey != "none" {
		if _, err := keys.Parse(o.detachKey); err != nil {
			return &flagError{err: fmt.Errorf("--detach-key: %w", err)}
		}
	}
	if o.keymap != "" {
		file, err := os.Open(o.keymap)
		if err != nil {
			return &flagError{err: fmt.Errorf("--keymap: %w", err)}
		}
		defer file.Close()
		if o.terminal.Keymap, err = keys.ParseKeymap(file, o.keymap); err != nil {
			return &flagError{err: err}
		}
	}
	return nil
}
