package adopt

import (
	"context"
	"errors"
	"fmt"
)

// The names of the ways to type into a process, in the order in which they are tried.
const (
	ViaTmux    = "tmux"
	ViaScreen  = "screen"
	ViaKitty   = "kitty"
	ViaWezterm = "wezterm"
	ViaMaster  = "master"  // the other side of its pty, copied from who holds it
	ViaTIOCSTI = "tiocsti" // the ioctl that feigns a key
	ViaStdin   = "stdin"   // the pipe, FIFO or socket that it reads
)

// Vias are the names in their order.
func Vias() []string {
	return []string{ViaTmux, ViaScreen, ViaKitty, ViaWezterm, ViaMaster, ViaTIOCSTI, ViaStdin}
}

// Way is one way of getting input into a process.
type Way struct {
	Name string `json:"name"`
	// What is what would be done, if it exists.
	What string `json:"what,omitempty"`
	// Exists tells whether there is such a way into this process.
	Exists bool `json:"exists"`
	// Refusal is why it is not permitted, as far as can be told without doing it.
	Refusal *Refusal `json:"refusal,omitempty"`
	// Taken: it is the one that is taken unless another is asked for.
	Taken bool `json:"taken"`
	// Why it does not exist, or is not taken.
	Why string `json:"why,omitempty"`

	typed func(ctx context.Context, data []byte) error
}

// wayOf is a way that does not exist if why says so.
func wayOf(name, why string) Way { return Way{Name: name, Why: why} }

// settle finds out which of the ways is the first to be taken. not tells what speaks
// against one that exists and is permitted.
func settle(ways []Way, not func(*Way) string) {
	first := ""
	for i := range ways {
		w := &ways[i]
		if !w.Exists || w.Refusal != nil {
			continue
		}
		if w.Why = not(w); w.Why != "" {
			continue
		}
		if first != "" {
			w.Why = first + " comes first"
			continue
		}
		w.Taken, first = true, w.Name
	}
}

// UnknownWayError is that no way is called so.
type UnknownWayError struct{ Name string }

func (e *UnknownWayError) Error() string {
	return fmt.Sprintf("there is no way %q; the ways are %s", e.Name, listed(Vias(), "and"))
}

// Way is the way that is taken, or the one that via names. Where none can be, the
// error is a *Refusal that says what would help.
func (in *Input) Way(via string) (*Way, error) {
	for i := range in.Ways {
		w := &in.Ways[i]
		switch {
		case via == "" && w.Taken:
			return w, nil
		case via != w.Name:
		case !w.Exists:
			return nil, &Refusal{What: fmt.Sprintf("typing into %v by %s", in.process, via), Right: RightKind, Why: w.Why}
		case w.Refusal != nil:
			return nil, in.refusal(w)
		default:
			return w, nil
		}
	}
	if via != "" {
		return nil, &UnknownWayError{via}
	}
	return nil, in.none()
}

func (in *Input) refusal(w *Way) *Refusal {
	r := *w.Refusal
	r.What = fmt.Sprintf("typing into %v by %s", in.process, w.Name)
	return &r
}

// none is why no way is taken: the way that comes nearest tells.
func (in *Input) none() error {
	what := fmt.Sprintf("typing into %v", in.process)
	if in.Background != "" {
		return &Refusal{What: what, Right: RightForce, Why: in.Background, Fix: "type into that one; or name a way with --via, and the keys go to whoever reads the terminal"}
	}
	from := in.From
	var errs []error
	if in.Unseen != nil {
		r := *in.Unseen
		r.What = what
		errs = append(errs, &r)
	}
	for i := range in.Ways {
		if w := &in.Ways[i]; w.Exists && w.Refusal != nil && (w.Name == ViaStdin) == (from == FromStdin) {
			errs = append(errs, in.refusal(w))
		}
	}
	var first *Refusal
	if len(errs) > 0 && errors.As(errs[0], &first) {
		for _, err := range errs[1:] {
			var other *Refusal
			if errors.As(err, &other) && other.Fix != first.Fix && other.Why != first.Why {
				first.Others = append(first.Others, other)
			}
		}
		return first
	}
	r := &Refusal{What: what, Right: RightKind, Why: in.Because, Fix: "sluice adopt " + fmt.Sprint(in.process.PID) + " --explain shows what it reads"}
	if from == FromTerminal {
		r.Why = "it reads its keys from a terminal that there is no way into"
		for _, w := range in.Ways {
			if w.Name == ViaMaster && w.Why != "" {
				r.Why = w.Why
			}
		}
	}
	return r
}

// Type gives the process input. It returns when all of it was handed over, whether or
// not the process has read the last of it; what a terminal would lose is an error
// before anything is written. Where the process stops reading, the error comes with
// the end of ctx and says how much was taken.
func (w *Way) Type(ctx context.Context, data []byte) error { return w.typed(ctx, data) }

// listed joins names with commas and a word before the last.
func listed(names []string, last string) string {
	s := ""
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			s += " " + last + " "
		default:
			s += ", "
		}
		s += name
	}
	return s
}
