package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxWorkers is the largest gang.
const MaxWorkers = MaxRank

// Validate tells the first thing in the spec that is inconsistent, as a
// *UsageError, or nil. It looks at the spec alone: whether the command exists
// or a directory can be written shows when the run starts.
func (s *Spec) Validate() error {
	for _, check := range []func(*Spec) *UsageError{
		(*Spec).checkCommand, (*Spec).checkNames, (*Spec).checkPlace, (*Spec).checkLimits,
		(*Spec).checkStreams, (*Spec).checkStop, (*Spec).checkPolicies, (*Spec).checkRotate,
		(*Spec).checkTorch, (*Spec).checkNodes, (*Spec).checkBind, (*Spec).checkPty,
	} {
		if e := check(s); e != nil {
			return e
		}
	}
	return nil
}

// Size is the number of workers: Workers, or 1 where that is 0.
func (s *Spec) Size() int { return max(s.Workers, 1) }

func (s *Spec) checkCommand() *UsageError {
	switch {
	case len(s.Command) == 0 && s.Func == "":
		return &UsageError{Field: "command", Why: "there is nothing to run", Hint: "name a command after --"}
	case len(s.Command) > 0 && s.Func != "":
		return &UsageError{Field: "func", Value: s.Func, Why: "a run has a command or a function, not both"}
	case s.Func == "" && len(s.FuncArg) > 0:
		return &UsageError{Field: "func_arg", Why: "there is no function to give it to"}
	case len(s.FuncArg) > 0 && !json.Valid(s.FuncArg):
		return &UsageError{Field: "func_arg", Value: string(s.FuncArg), Why: "it is not JSON"}
	case len(s.Command) > 0 && s.Command[0] == "":
		return &UsageError{Field: "command", Why: "the command's name is empty"}
	case s.Workers < 0 || s.Workers > MaxWorkers:
		return &UsageError{Field: "workers", Value: strconv.Itoa(s.Workers),
			Why: fmt.Sprintf("a gang has 1 to %d workers", MaxWorkers)}
	}
	for i, arg := range s.Command {
		if hasNUL(arg) {
			return &UsageError{Field: "command", Value: arg, Why: fmt.Sprintf("argument %d holds a NUL byte", i)}
		}
	}
	return nil
}

func (s *Spec) checkNames() *UsageError {
	if s.Name != "" && sanitizeName(s.Name) != s.Name {
		return &UsageError{Field: "name", Value: s.Name,
			Why:  fmt.Sprintf("a name is at most %d of the characters A-Z a-z 0-9 . _ - and begins with none of . -", maxRunName),
			Hint: "write " + sanitizeName(s.Name)}
	}
	if i := strings.IndexFunc(s.Role, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		return &UsageError{Field: "role", Value: s.Role, Why: "a role is part of one line: it cannot hold control characters"}
	}
	return nil
}

func (s *Spec) checkPlace() *UsageError {
	if hasNUL(s.Cwd) {
		return &UsageError{Field: "cwd", Value: s.Cwd, Why: "a path cannot hold a NUL byte"}
	}
	if hasNUL(s.LogDir) {
		return &UsageError{Field: "log_dir", Value: s.LogDir, Why: "a path cannot hold a NUL byte"}
	}
	for _, kv := range s.Env {
		if _, _, err := ParseEnv(kv); err != nil {
			return &UsageError{Field: "env", Value: kv, Why: errors.Unwrap(err).Error()}
		}
	}
	for _, d := range s.Dialects {
		if !slices.Contains(allDialects(), d) {
			return &UsageError{Field: "env_dialects", Value: string(d), Why: "there is no such dialect",
				Hint: "choose among torch, ompi, pmi and slurm, or none"}
		}
	}
	if err := checkDialects(s.Dialects); err != nil {
		return &UsageError{Field: "env_dialects", Value: Dialects(s.Dialects).String(), Why: err.Error()}
	}
	return nil
}

func (s *Spec) checkLimits() *UsageError {
	for _, r := range s.Rlimits {
		switch {
		case !slices.Contains(RlimitNames(), r.Name):
			return &UsageError{Field: "rlimits", Value: r.Name, Why: "there is no such resource",
				Hint: "choose among " + strings.Join(RlimitNames(), ", ")}
		case r.Soft > r.Hard:
			return &UsageError{Field: "rlimits", Value: r.String(), Why: "the soft limit is above the hard one"}
		}
	}
	if s.Nice < -20 || s.Nice > 19 {
		return &UsageError{Field: "nice", Value: strconv.Itoa(s.Nice), Why: "niceness goes from -20 to 19"}
	}
	return nil
}

func (s *Spec) checkStreams() *UsageError {
	n := s.Size()
	// The ranks of a gang among several are known only when all have met.
	if show := s.Console.Show; !s.Nodes.Several() && show.set && !show.isNone() && !containsBelow(show, n) {
		return &UsageError{Field: "console.show", Value: show.String(),
			Why: "none of these ranks exists: " + haveRanks(n), Hint: "none shows nothing on purpose"}
	}
	// torchrun lets ranks be named that are not there.
	for field, streams := range map[string]StreamSpec{"redirect": s.Redirect, "tee": s.Tee} {
		if none, ok := streams.beyond(n); ok && !s.Nodes.Several() && s.Torch == nil {
			return &UsageError{Field: field, Value: streams.String(), Why: fmt.Sprintf("none of the ranks %v exists: %s", none, haveRanks(n))}
		}
	}
	switch s.Stdin.Mode {
	case StdinDefault, StdinNone, StdinAll, StdinShared:
		if s.Stdin.Rank != 0 {
			return &UsageError{Field: "stdin.rank", Value: strconv.Itoa(s.Stdin.Rank),
				Why: "only the modes rank and fifo have a rank"}
		}
	case StdinRank, StdinFIFO:
		if s.Stdin.Rank < 0 || s.Stdin.Rank >= n {
			return &UsageError{Field: "stdin", Value: s.Stdin.String(),
				Why: fmt.Sprintf("there is no rank %d: %s", s.Stdin.Rank, haveRanks(n))}
		}
	default:
		return &UsageError{Field: "stdin.mode", Value: string(s.Stdin.Mode), Why: "there is no such mode",
			Hint: "choose among none, all, shared, rank and fifo"}
	}
	switch fifo := s.Stdin.Mode == StdinFIFO; {
	case fifo && s.Stdin.Path == "":
		return &UsageError{Field: "stdin.path", Why: "the FIFO's path is missing"}
	case !fifo && s.Stdin.Path != "":
		return &UsageError{Field: "stdin.path", Value: s.Stdin.Path, Why: "only the mode fifo has a path"}
	case hasNUL(s.Stdin.Path):
		return &UsageError{Field: "stdin.path", Value: s.Stdin.Path, Why: "a path cannot hold a NUL byte"}
	}
	return nil
}

func hasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }

// containsBelow tells whether the set has a member below n.
func containsBelow(s RankSet, n int) bool {
	if s.all {
		return true
	}
	if len(s.ranges) > 0 && s.ranges[0].lo < n {
		return true
	}
	return slices.ContainsFunc(s.strides, func(t stride) bool { return t.off < n })
}

func haveRanks(n int) string {
	if n == 1 {
		return "the gang has rank 0 only"
	}
	return fmt.Sprintf("the gang has ranks 0 to %d", n-1)
}
