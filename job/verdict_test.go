package job

import "testing"

func TestExitStatus(t *testing.T) {
	exit := func(rank, code int) Outcome { return Outcome{Rank: rank, Kind: KindExited, Code: code} }
	killed := func(rank int, sig Signal, cause Cause) Outcome {
		return Outcome{Rank: rank, Kind: KindSignaled, Signal: sig, Cause: cause}
	}
	many := make([]Outcome, 300)
	for i := range many {
		many[i] = exit(i, 1)
	}
	for _, c := range []struct {
		name     string
		outcomes []Outcome
		first    int // index, -1 for nil
		want     map[ExitCodePolicy]int
	}{
		{"all well", []Outcome{exit(0, 0), exit(1, 0)}, -1,
			map[ExitCodePolicy]int{"": 0, ExitFirst: 0, ExitMax: 0, ExitLowestRank: 0, ExitAny: 0, ExitCount: 0}},
		{"0, 5, 3 with 3 first", []Outcome{exit(0, 0), exit(1, 5), exit(2, 3)}, 2,
			map[ExitCodePolicy]int{"": 3, ExitFirst: 3, ExitMax: 5, ExitLowestRank: 5, ExitAny: 1, ExitCount: 2}},
		{"not in the order of ranks", []Outcome{exit(2, 9), exit(1, 4)}, 0,
			map[ExitCodePolicy]int{ExitFirst: 9, ExitLowestRank: 4}},
		{"signal", []Outcome{killed(0, SIGSEGV, CauseOwn), killed(1, SIGTERM, CausePeer)}, 0,
			map[ExitCodePolicy]int{ExitFirst: 139, ExitMax: 139, ExitCount: 1}},
		{"victims do not count", []Outcome{killed(0, SIGKILL, CausePeer), exit(1, 2)}, 1,
			map[ExitCodePolicy]int{ExitFirst: 2, ExitMax: 2, ExitLowestRank: 2, ExitCount: 1}},
		{"only victims", []Outcome{killed(0, SIGTERM, CauseUser)}, -1,
			map[ExitCodePolicy]int{ExitFirst: 0, ExitAny: 0}},
		{"first is not known", []Outcome{exit(0, 0), exit(1, 6), exit(2, 7)}, -1, map[ExitCodePolicy]int{ExitFirst: 6}},
		{"first is no index", []Outcome{exit(0, 0), exit(1, 6)}, 9, map[ExitCodePolicy]int{ExitFirst: 6}},
		{"first is a victim", []Outcome{killed(0, SIGTERM, CausePeer), exit(1, 6)}, 0, map[ExitCodePolicy]int{ExitFirst: 6}},
		{"not started", []Outcome{{Kind: KindStartFailed, Code: 127}}, 0, map[ExitCodePolicy]int{ExitFirst: 127, ExitAny: 1}},
		{"not started, no code", []Outcome{{Kind: KindStartFailed}}, 0, map[ExitCodePolicy]int{ExitFirst: StatusInternal, ExitMax: StatusInternal}},
		{"nobody saw", []Outcome{{Kind: KindUnknown}}, 0, map[ExitCodePolicy]int{ExitFirst: StatusInternal}},
		{"out of memory", []Outcome{killed(0, SIGKILL, CauseOOM)}, 0, map[ExitCodePolicy]int{ExitFirst: 137}},
		{"very many", many, 0, map[ExitCodePolicy]int{ExitCount: 101, ExitAny: 1}},
		{"nobody", nil, -1, map[ExitCodePolicy]int{ExitFirst: 0}},
	} {
		for policy, want := range c.want {
			first := &c.first
			if c.first < 0 {
				first = nil
			}
			if got := ExitStatus(policy, c.outcomes, first); got != want {
				t.Errorf("%s, policy %s: %d, want %d", c.name, policy, got, want)
			}
		}
	}
}
