package job

import (
	"slices"
	"strconv"
)

func (s *Spec) checkStop() *UsageError {
	if e := checkSignal("stop.signal", s.Stop.Signal); e != nil {
		return e
	}
	if sig := s.Stop.Signal; sig == SIGSTOP || sig == SIGCONT {
		return &UsageError{Field: "stop.signal", Value: sig.String(), Why: "it does not ask a process to end",
			Hint: "TERM is the usual one, INT what Ctrl-C sends"}
	}
	if e := checkSignal("stall.signal", s.Stall.Signal); e != nil {
		return e
	}
	for _, sig := range append(slices.Clone(s.Stop.On), s.Stop.Forward...) {
		if e := checkSignal("stop.on", sig); e != nil {
			return e
		}
		if sig == SIGKILL || sig == SIGSTOP {
			return &UsageError{Field: "stop.on", Value: sig.String(), Why: "the kernel lets nobody hear it"}
		}
	}
	if s.Stall.Timeout <= 0 && (s.Stall.Command != "" || s.Stall.Signal != 0) {
		return &UsageError{Field: "stall.timeout", Value: s.Stall.Timeout.String(),
			Why:  "without a time there is no stall, and the command or signal for one would never be used",
			Hint: "say how long the silence may last"}
	}
	if hasNUL(s.Stall.Command) {
		return &UsageError{Field: "stall.command", Value: s.Stall.Command, Why: "a command cannot hold a NUL byte"}
	}
	return nil
}

func checkSignal(field string, sig Signal) *UsageError {
	if sig < 0 || sig > maxSignal {
		return &UsageError{Field: field, Value: strconv.Itoa(int(sig)), Why: "there is no such signal"}
	}
	return nil
}

func (s *Spec) checkPolicies() *UsageError {
	if e := s.checkFailurePolicy(); e != nil {
		return e
	}
	for _, w := range []struct {
		field, value string
		set          func(string) error
	}{
		{"exit_code", string(s.ExitCode), new(ExitCodePolicy).Set},
		{"restart.scope", string(s.Restart.Scope), new(RestartScope).Set},
		{"on_full", string(s.OnFull), new(FullPolicy).Set},
		{"on_launcher_death", string(s.OnLauncherDeath), new(DeathPolicy).Set},
	} {
		if w.value == "" {
			continue
		}
		if err := w.set(w.value); err != nil {
			return &UsageError{Field: w.field, Value: w.value, Why: err.Error()}
		}
	}
	switch r := s.Restart; {
	case r.Max < 0:
		return &UsageError{Field: "restart.max", Value: strconv.Itoa(r.Max), Why: "it cannot be negative"}
	case r.Backoff < 0:
		return &UsageError{Field: "restart.backoff", Value: r.Backoff.String(), Why: "it would never start again",
			Hint: "0 restarts allows none"}
	case r.MinUptime < 0:
		return &UsageError{Field: "restart.min_uptime", Value: r.MinUptime.String(), Why: "nothing would ever count as up"}
	}
	return nil
}

func (s *Spec) checkFailurePolicy() *UsageError {
	p := s.OnFailure
	bad := func(why string) *UsageError {
		return &UsageError{Field: "on_failure", Value: p.String(), Why: why, Hint: "one of " + failureAllowed}
	}
	switch p.Mode {
	case "", FailureStop, FailureContinue:
		if p.Count != 0 || p.Percent != 0 {
			return bad("only stop-when has a count or a share")
		}
	case FailureStopWhen:
		switch {
		case p.Count != 0 && p.Percent != 0:
			return bad("it has a count and a share: one of them decides")
		case p.Count == 0 && p.Percent == 0:
			return bad("it would stop before anything failed")
		case p.Count < 0 || p.Percent < 0:
			return bad("it cannot be negative")
		case p.Percent > 100:
			return bad("a share is at most 100%")
		}
	default:
		return bad("there is no such policy")
	}
	return nil
}

func (s *Spec) checkRotate() *UsageError {
	switch r := s.Rotate; {
	case r.MaxSize < 0:
		return &UsageError{Field: "rotate.max_size", Value: strconv.FormatInt(r.MaxSize, 10), Why: "it cannot be negative"}
	case r.Keep < 0:
		return &UsageError{Field: "rotate.keep", Value: strconv.Itoa(r.Keep), Why: "it cannot be negative",
			Hint: "0 keeps all archives"}
	case r.MaxSize == 0 && r.Keep > 0:
		return &UsageError{Field: "rotate.keep", Value: strconv.Itoa(r.Keep), Why: "logs that are never cut leave no archives",
			Hint: "say at which size a log is cut"}
	case r.MaxSize == 0 && r.Compress:
		return &UsageError{Field: "rotate.compress", Why: "logs that are never cut leave no archives to compress",
			Hint: "say at which size a log is cut"}
	}
	return nil
}
