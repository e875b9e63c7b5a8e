package job

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	ok := func(edit func(*Spec)) Spec {
		s := Spec{Command: []string{"true"}, Workers: 4}
		edit(&s)
		return s
	}
	for name, s := range map[string]Spec{
		"smallest": {Command: []string{"true"}},
		"function": {Func: "train", FuncArg: json.RawMessage(`{"a":1}`)},
		"redirect and rotate": ok(func(s *Spec) {
			s.Redirect, s.Rotate = EveryRank(All), Rotate{MaxSize: 1 << 20, Keep: 3, Compress: true}
		}),
		"redirect and tee":     ok(func(s *Spec) { s.Redirect, s.Tee = EveryRank(All), EveryRank(All) }),
		"show nothing":         ok(func(s *Spec) { s.Console.Show = NoRanks() }),
		"show some that exist": ok(func(s *Spec) { s.Console.Show = mustRanks(t, "3-99,%1000+7") }),
		"last rank reads":      ok(func(s *Spec) { s.Stdin = Stdin{Mode: StdinRank, Rank: 3} }),
		"empty argument":       ok(func(s *Spec) { s.Command = []string{"printf", ""} }),
		"stall":                ok(func(s *Spec) { s.Stall = Stall{Timeout: 1, Command: "x", Signal: SIGUSR1} }),
		"forever":              ok(func(s *Spec) { s.Timeout, s.Stop.Grace, s.Console.Linger = Forever, Forever, Forever }),
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		field string
		edit  func(*Spec)
	}{
		{"command", func(s *Spec) { s.Command = nil }},
		{"func", func(s *Spec) { s.Func = "f" }},
		{"func_arg", func(s *Spec) { s.FuncArg = json.RawMessage("1") }},
		{"func_arg", func(s *Spec) { s.Command, s.Func, s.FuncArg = nil, "f", json.RawMessage("{") }},
		{"command", func(s *Spec) { s.Command[0] = "" }},
		{"command", func(s *Spec) { s.Command = append(s.Command, "a\x00b") }},
		{"workers", func(s *Spec) { s.Workers = -1 }},
		{"workers", func(s *Spec) { s.Workers = MaxWorkers + 1 }},
		{"name", func(s *Spec) { s.Name = "../up" }},
		{"name", func(s *Spec) { s.Name = ".hidden" }},
		{"name", func(s *Spec) { s.Name = "-rf" }},
		{"name", func(s *Spec) { s.Name = strings.Repeat("x", 33) }},
		{"role", func(s *Spec) { s.Role = "a\nb" }},
		{"cwd", func(s *Spec) { s.Cwd = "\x00" }},
		{"log_dir", func(s *Spec) { s.LogDir = "\x00" }},
		{"env", func(s *Spec) { s.Env = []string{"A=1", "B"} }},
		{"env", func(s *Spec) { s.Env = []string{"=1"} }},
		{"env", func(s *Spec) { s.Env = []string{"A=\x00"} }},
		{"env_dialects", func(s *Spec) { s.Dialects = []Dialect{"mpi"} }},
		{"env_dialects", func(s *Spec) { s.Dialects = []Dialect{DialectTorch, DialectNone} }},
		{"rlimits", func(s *Spec) { s.Rlimits = []Rlimit{{"files", 1, 1}} }},
		{"rlimits", func(s *Spec) { s.Rlimits = []Rlimit{{"nofile", 2, 1}} }},
		{"nice", func(s *Spec) { s.Nice = 20 }},
		{"console.show", func(s *Spec) { s.Console.Show = Ranks(4, 9) }},
		{"console.show", func(s *Spec) { s.Console.Show = mustRanks(t, "%8+5") }},
		{"redirect", func(s *Spec) { s.Redirect = mustStreams(t, "0:out,5:all") }},
		{"tee", func(s *Spec) { s.Tee = mustStreams(t, "4-9:all") }},
		{"stdin", func(s *Spec) { s.Stdin = Stdin{Mode: StdinRank, Rank: 4} }},
		{"stdin", func(s *Spec) { s.Stdin = Stdin{Mode: StdinFIFO, Rank: -1, Path: "f"} }},
		{"stdin.rank", func(s *Spec) { s.Stdin = Stdin{Mode: StdinAll, Rank: 1} }},
		{"stdin.path", func(s *Spec) { s.Stdin = Stdin{Mode: StdinFIFO} }},
		{"stdin.path", func(s *Spec) { s.Stdin = Stdin{Mode: StdinFIFO, Path: "\x00"} }},
		{"stdin.path", func(s *Spec) { s.Stdin = Stdin{Mode: StdinRank, Path: "x"} }},
		{"stdin.mode", func(s *Spec) { s.Stdin.Mode = "tty" }},
		{"stop.signal", func(s *Spec) { s.Stop.Signal = -3 }},
		{"stop.signal", func(s *Spec) { s.Stop.Signal = SIGSTOP }},
		{"stall.signal", func(s *Spec) { s.Stall = Stall{Timeout: 1, Signal: 999} }},
		{"stall.timeout", func(s *Spec) { s.Stall.Signal = SIGUSR1 }},
		{"stall.timeout", func(s *Spec) { s.Stall.Command = "gstack" }},
		{"stall.command", func(s *Spec) { s.Stall = Stall{Timeout: 1, Command: "\x00"} }},
		{"on_failure", func(s *Spec) { s.OnFailure.Mode = "panic" }},
		{"on_failure", func(s *Spec) { s.OnFailure = FailurePolicy{Mode: FailureStopWhen} }},
		{"on_failure", func(s *Spec) { s.OnFailure = FailurePolicy{Mode: FailureStopWhen, Count: 1, Percent: 1} }},
		{"on_failure", func(s *Spec) { s.OnFailure = FailurePolicy{Mode: FailureStopWhen, Count: -1} }},
		{"on_failure", func(s *Spec) { s.OnFailure = FailurePolicy{Mode: FailureStopWhen, Percent: 101} }},
		{"on_failure", func(s *Spec) { s.OnFailure = FailurePolicy{Count: 3} }},
		{"exit_code", func(s *Spec) { s.ExitCode = "last" }},
		{"on_full", func(s *Spec) { s.OnFull = "panic" }},
		{"on_launcher_death", func(s *Spec) { s.OnLauncherDeath = "mourn" }},
		{"restart.scope", func(s *Spec) { s.Restart.Scope = "world" }},
		{"restart.max", func(s *Spec) { s.Restart.Max = -1 }},
		{"restart.backoff", func(s *Spec) { s.Restart.Backoff = Forever }},
		{"restart.min_uptime", func(s *Spec) { s.Restart.MinUptime = Forever }},
		{"rotate.max_size", func(s *Spec) { s.Rotate.MaxSize = -1 }},
		{"rotate.keep", func(s *Spec) { s.Rotate = Rotate{MaxSize: 1, Keep: -1} }},
		{"rotate.keep", func(s *Spec) { s.Rotate.Keep = 3 }},
		{"rotate.compress", func(s *Spec) { s.Rotate.Compress = true }},
	} {
		s := ok(c.edit)
		var e *UsageError
		if err := s.Validate(); !errors.As(err, &e) || e.Field != c.field || e.Why == "" {
			t.Errorf("want an error about %s, got %v", c.field, err)
		} else if !strings.HasPrefix(e.Error(), "invalid "+c.field) || strings.Count(e.Error(), "\n") > 1 {
			t.Errorf("%s: badly worded: %q", c.field, e.Error())
		}
	}
}

func TestUsageErrorText(t *testing.T) {
	s := Spec{Command: []string{"x"}, Workers: 8, Stdin: Stdin{Mode: StdinRank, Rank: 9}}
	if got, want := s.Validate().Error(), `invalid stdin "9": there is no rank 9: the gang has ranks 0 to 7`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s = Spec{Command: []string{"x"}, Name: "a b"}
	if got, want := s.Validate().Error(), "\n  hint: write a-b"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestRunName(t *testing.T) {
	for command, want := range map[string]string{
		"python": "python", "/usr/bin/python3.11": "python3.11", "./my prog.sh": "my-prog.sh", "-rf": "rf", "..": "run",
		"/": "run", "": "run", "日本": "run", "café": "caf", "a  b": "a-b", "bin/": "bin", strings.Repeat("x", 50): strings.Repeat("x", 32),
		`C:\tools\train.exe`: "train.exe", "x-": "x-",
	} {
		if got := (&Spec{Command: []string{command}}).RunName(); got != want {
			t.Errorf("%q gives %q, want %q", command, got, want)
		}
	}
	if got := (&Spec{Func: "example.com/pkg.Train"}).RunName(); got != "pkg.Train" {
		t.Errorf("a function gives %q", got)
	}
	if got := (&Spec{Name: "exp7", Command: []string{"x"}}).RunName(); got != "exp7" {
		t.Errorf("a name gives %q", got)
	}
}

// A spec is stored in run.json: it must come back as it was.
func TestSpecJSON(t *testing.T) {
	tmpl, err := ParseTemplate("[{rank:3}] ")
	if err != nil {
		t.Fatal(err)
	}
	streams, err := ParseStreamSpec("0:all,1-3:err")
	if err != nil {
		t.Fatal(err)
	}
	full := Spec{
		Name: "n", Role: "r", Command: []string{"a", "b c"}, Workers: 4, Cwd: "/", Env: []string{"A=1"},
		Dialects: []Dialect{DialectTorch, DialectPMI}, Rlimits: []Rlimit{{"core", 0, RlimInfinity}}, Nice: 5, LogDir: "/l",
		Redirect: streams, Tee: EveryRank(Out),
		Console: Console{Show: mustRanks(t, "0,%2+1"), Prefix: &tmpl, Timestamps: true, Dedup: true, Linger: Forever},
		Stdin:   Stdin{Mode: StdinFIFO, Rank: 2, Path: "/f"},
		Stop:    Stop{GraceSet: true, Signal: SIGUSR2, LeaderFirst: true},
		Timeout: Duration(time.Hour + time.Millisecond), Stall: Stall{Timeout: 5, Signal: SIGQUIT},
		OnFailure: FailurePolicy{Mode: FailureStopWhen, Percent: 10}, ExitCode: ExitMax,
		Restart: Restart{Max: 3, Backoff: Duration(time.Second), Scope: RestartWorker}, Rotate: Rotate{MaxSize: 1 << 40, Keep: 1},
		OnFull: FullDrop, OnLauncherDeath: DeathKeep,
	}
	for _, s := range []Spec{{}, full} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Spec
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if d := cmp.Diff(s, back); d != "" {
			t.Errorf("%s came back different:\n%s", text, d)
		}
	}
}

func mustStreams(t testing.TB, text string) StreamSpec {
	t.Helper()
	s, err := ParseStreamSpec(text)
	if err != nil {
		t.Fatalf("ParseStreamSpec(%q): %v", text, err)
	}
	return s
}
