package job

import (
	"strings"
	"testing"
)

// flagValue is pflag.Value.
type flagValue interface {
	String() string
	Set(string) error
	Type() string
}

// Every type that people type is a flag value: it shows its default, reads back
// what it shows, and keeps its value when what is typed is wrong.
func TestFlagValues(t *testing.T) {
	for _, c := range []struct {
		value       flagValue
		zero        string
		text, shown string
		bad         string
	}{
		{new(RankSet), "", "8,0-3", "0-3,8", "x"},
		{new(StreamSpec), "", "3", "all", "x"},
		{new(Template), "", "[{rank}]", "[{rank}]", "{"},
		{new(Duration), "0", "90", "1m30s", "x"},
		{new(Signal), "", "usr1", "SIGUSR1", "x"},
		{new(Stdin), "", "3", "3", "x"},
		{new(Stream), "stdin", "err", "stderr", "x"},
		{new(Size), "0", "1024k", "1M", "x"},
		{new(FailurePolicy), "stop", "stop-when=10%", "stop-when=10%", "x"},
		{new(ExitCodePolicy), "first", "lowest-rank", "lowest-rank", "x"},
		{new(FullPolicy), "block", "drop", "drop", "x"},
		{new(DeathPolicy), "stop", "keep", "keep", "x"},
		{new(RestartScope), "gang", "worker", "worker", "x"},
		{new(Dialects), "torch", "pmi,ompi", "pmi,ompi", "x"},
		{new(Rlimits), "", "nofile=10", "nofile=10", "x"},
	} {
		if got := c.value.String(); got != c.zero {
			t.Errorf("%T: the zero value shows %q, want %q", c.value, got, c.zero)
		}
		if c.value.Type() == "" {
			t.Errorf("%T has no type name", c.value)
		}
		if err := c.value.Set(c.text); err != nil || c.value.String() != c.shown {
			t.Errorf("%T: %q shows as %q (%v), want %q", c.value, c.text, c.value, err, c.shown)
		}
		if err := c.value.Set(c.bad); err == nil || !strings.HasPrefix(err.Error(), "parsing ") {
			t.Errorf("%T: %q gives the error %v", c.value, c.bad, err)
		}
		if c.value.String() != c.shown {
			t.Errorf("%T: a bad value changed it to %q", c.value, c.value)
		}
	}
}

func TestParseWord(t *testing.T) {
	_, err := ParseExitCodePolicy("frist")
	if err == nil || err.Error() != `parsing exit code policy "frist": there is no such choice: did you mean first? (allowed: first, max, lowest-rank, any, count)` {
		t.Errorf("got %v", err)
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "90": "1m30s", "1.5": "1.5s", "1m30s": "1m30s", "2d": "48h", "1d12h": "36h", "0.5d": "12h",
		"1h": "1h", "10m": "10m", "100ms": "100ms", "5us": "5µs", "5µs": "5µs", " 3S ": "3s",
		"forever": "forever", "inf": "forever", "Never": "forever", "1h0m1s": "1h0m1s",
	} {
		var d Duration
		if err := d.Set(text); err != nil || d.String() != want {
			t.Errorf("%q is %v (%v), want %s", text, d, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "it is empty", "-1s": "negative", "-1": "negative", "1x": `"x" is no unit of time`, "1m30": `"30" has no unit`,
		"s": "a number is missing", ".": "a number is missing", "1.2.3s": "a number is missing",
		"999999d": "longer than 292 years", "9999999999999999999s": "longer than 292 years", "106751d24h": "longer than 292 years",
	} {
		d, err := ParseDuration(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want %q in the error", text, d, err, want)
		}
	}
	if Duration(-77).String() != "forever" {
		t.Error("a negative duration is not forever")
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "4096": 4096, "10M": 10 << 20, "1.5GiB": 3 << 29, "64k": 64 << 10, "64KB": 64 << 10, "2 T": 2 << 40, "7B": 7,
		"0.5": 0, "9223372036854775807": 1<<63 - 1, "7.9999999E": 9223371921562625347, "1P": 1 << 50,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "M", ".", "1..2", "-1", "8E", "9223372036854775808", "10X", "1Mi", "1MM", strings.Repeat("9", 100)} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

func TestSignal(t *testing.T) {
	for text, want := range map[string]Signal{"TERM": SIGTERM, "sigterm": SIGTERM, "15": SIGTERM, " Usr1 ": SIGUSR1, "9": SIGKILL, "IOT": SIGABRT, "CLD": SIGCHLD} {
		if got, err := ParseSignal(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	if _, err := ParseSignal("TREM"); err == nil || !strings.Contains(err.Error(), "did you mean TERM?") {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"", "0", "-1", "65", "SIG", "RTMIN+", "RTMIN+31", "RTMIN3", "RTMAX+1", "RTMIN-1", "TERM+1"} {
		if got, err := ParseSignal(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	for n := Signal(1); n <= maxSignal; n++ {
		if got, err := ParseSignal(n.String()); err != nil || got != n {
			t.Errorf("signal %d is %q, which reads as %d (%v)", n, n, got, err)
		}
	}
}

func TestFailurePolicy(t *testing.T) {
	for _, c := range []struct {
		text              string
		failures, workers int
		stops             bool
	}{
		{"stop", 0, 8, false}, {"stop", 1, 8, true}, {"continue", 8, 8, false},
		{"stop-when=3", 2, 8, false}, {"stop-when=3", 3, 8, true},
		{"stop-when=10%", 0, 8, false}, {"stop-when=10%", 1, 8, true}, {"stop-when=50%", 3, 8, false}, {"stop-when=50%", 4, 8, true},
	} {
		p, err := ParseFailurePolicy(c.text)
		if err != nil || p.Stops(c.failures, c.workers) != c.stops || p.String() != c.text {
			t.Errorf("%+v: %v, %v", c, p, err)
		}
	}
	if !(FailurePolicy{}).Stops(1, 8) {
		t.Error("the default does not stop at a failure")
	}
	for _, text := range []string{"", "stp", "stop=1", "stop-when", "stop-when=", "stop-when=0", "stop-when=101%", "stop-when=-1", "stop-when=x"} {
		if p, err := ParseFailurePolicy(text); err == nil {
			t.Errorf("%q was read as %+v", text, p)
		} else {
			checkSyntaxError(t, text, err)
		}
	}
}

func TestDialects(t *testing.T) {
	for text, want := range map[string]string{"torch": "torch", "torch,ompi,torch": "torch,ompi", "none": "none", "slurm, pmi": "slurm,pmi"} {
		if d, err := ParseDialects(text); err != nil || Dialects(d).String() != want {
			t.Errorf("%q is %v (%v)", text, d, err)
		}
	}
	for _, text := range []string{"", "torch,", "none,torch", "mpi"} {
		if d, err := ParseDialects(text); err == nil {
			t.Errorf("%q was read as %v", text, d)
		}
	}
}

func TestRlimit(t *testing.T) {
	for text, want := range map[string]Rlimit{
		"nofile=1024":         {"nofile", 1024, 1024},
		"nofile=1024:4096":    {"nofile", 1024, 4096},
		"core=unlimited":      {"core", RlimInfinity, RlimInfinity},
		"core=0:INF":          {"core", 0, RlimInfinity},
		"AS=8G":               {"as", 8 << 30, 8 << 30},
		"cpu=60":              {"cpu", 60, 60},
		"stack=8M:1.5G":       {"stack", 8 << 20, 3 << 29},
		"as=9999999999999999": {"as", 9999999999999999, 9999999999999999},
	} {
		got, err := ParseRlimit(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v (%v)", text, got, err)
		}
		if back, err := ParseRlimit(got.String()); err != nil || back != got {
			t.Errorf("%q does not read back: %+v (%v)", got, back, err)
		}
	}
	for text, want := range map[string]string{
		"": "no resource", "nofiles=3": "did you mean nofile?", "nofile": "a limit is missing", "nofile=": "a limit is missing",
		"nofile=4:": "a limit is missing", "nofile=5:4": "above the hard one", "nofile=4K": "no limit", "core=-1": "no limit", "as=1:x": "\"x\" is no limit\n    as=1:x\n         ^",
	} {
		_, err := ParseRlimit(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

func TestStdin(t *testing.T) {
	for text, want := range map[string]Stdin{
		"none":             {Mode: StdinNone},
		"all":              {Mode: StdinAll},
		"7":                {Mode: StdinRank, Rank: 7},
		"fifo:/tmp/in":     {Mode: StdinFIFO, Path: "/tmp/in"},
		"fifo:/tmp/in@3":   {Mode: StdinFIFO, Path: "/tmp/in", Rank: 3},
		"fifo:a@b":         {Mode: StdinFIFO, Path: "a@b"},
		"fifo:in@host@2":   {Mode: StdinFIFO, Path: "in@host", Rank: 2},
		"fifo:a@1@0":       {Mode: StdinFIFO, Path: "a@1"},
		"fifo:with space@": {Mode: StdinFIFO, Path: "with space@"},
	} {
		got, err := ParseStdin(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v (%v)", text, got, err)
		}
	}
	for _, text := range []string{"", "al", "-1", "1x", "fifo:", "fifo:@3", "fifo:a\x00b", "fifo:a@1048577", "9999999"} {
		if got, err := ParseStdin(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		} else {
			checkSyntaxError(t, text, err)
		}
	}
	for _, c := range []struct {
		stdin   Stdin
		workers int
		rank    int
		ok      bool
	}{
		{Stdin{}, 1, 0, true}, {Stdin{}, 2, 0, false}, {Stdin{Mode: StdinRank, Rank: 3}, 8, 3, true},
		{Stdin{Mode: StdinAll}, 1, 0, false}, {Stdin{Mode: StdinNone}, 1, 0, false},
	} {
		if rank, ok := c.stdin.Reader(c.workers); rank != c.rank || ok != c.ok {
			t.Errorf("%+v: rank %d, %v", c, rank, ok)
		}
	}
}

// The last of several limits of one name counts, as with variables.
func TestRlimitsOfOneName(t *testing.T) {
	var r Rlimits
	for _, text := range []string{"core=0", "nofile=10", "CORE=unlimited"} {
		if err := r.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.String(); got != "nofile=10,core=unlimited" {
		t.Errorf("%s", got)
	}
}
