//go:build linux

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testnet"
)

// soakEnv is how long the soak goes on, as Go writes durations; soakSeedEnv is
// the seed of an earlier one.
const (
	soakEnv     = "SLUICE_SOAK"
	soakSeedEnv = "SLUICE_SOAK_SEED"
)

// soak is a run over four machines to which things happen.
type soak struct {
	*crew
	random *rand.Rand
	up     []*started // by machine; nil: none there
	round  []hand
	fails  int // that may have been counted since the round
	most   int // --restarts
}

// soakLength is how long it is to go on, before its end.
func soakLength(t *testing.T) time.Duration {
	if text := os.Getenv(soakEnv); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("%s: %v", soakEnv, err)
		}
		return d
	}
	return time.Minute
}

// TestNodesSoak does one thing after the other to a run, by chance, and looks after
// each, when all is quiet, whether there is one round, with each rank once; the
// workers themselves look for those of older rounds. It ends well or, with every
// other seed, with a worker that fails once too often. At the end the logs must have
// what was written, and all machines must tell the same of the run.
func TestNodesSoak(t *testing.T) {
	if os.Getenv(soakEnv) == "" && os.Getenv(soakSeedEnv) == "" {
		thorough(t)
	}
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(soakSeedEnv); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", soakSeedEnv, err)
		}
	}
	length := soakLength(t)
	s := &soak{random: rand.New(rand.NewPCG(seed, 0)), most: 1_000_000}
	fails := s.random.IntN(2) == 0
	if fails {
		// They have to be used up at the end.
		s.most = 2*spare + int(length/(2*time.Second))
	}
	t.Logf("%v with %s=%d, %d restarts; it ends badly: %v", length, soakSeedEnv, seed, s.most, fails)
	s.crew = newCrew(t, 4, "--nodes", "2:4", "--restarts", strconv.Itoa(s.most), "--lease", "1s", "--last-call", "3s")
	s.net.Seed(int64(seed))
	s.up = s.startAll()
	s.quiet(true)
	steps := []struct {
		name string
		do   func() (another bool)
	}{
		{"a worker fails", s.workerFails}, {"a worker is killed", s.workerKilled}, {"an agent is killed", s.agentKilled},
		{"all of a node is killed", s.nodeKilled}, {"the endpoint's agent is killed and comes back", s.endpointKilled},
		{"a node leaves", s.leaves}, {"a node comes", s.comes}, {"a node is cut off", s.cutOff},
		{"a node is cut off shortly", s.cutShortly}, {"one direction is cut", s.cutOneWay}, {"the links change", s.links},
	}
	n := 0
	for end := time.Now().Add(length); time.Now().Before(end) && s.restarts() < s.most-spare && !t.Failed(); n++ {
		step := steps[s.random.IntN(len(steps))]
		before := time.Now()
		another := step.do()
		s.quiet(another)
		t.Logf("%3d %s: %v, %d nodes, restart %s", n, step.name, time.Since(before).Round(10*time.Millisecond), len(s.round)/2, s.round[0].Restarts)
	}
	s.net.SetFaults("", "", testnet.Faults{})
	time.Sleep(2 * time.Second) // a lease that the last step has cost is over by then
	s.quiet(false)
	if fails {
		s.endBadly()
	} else {
		s.endWell()
	}
	s.whole()
	for _, n := range s.nodes { // where all was killed at once, a socket stays until sluice runs there again
		eventually(t, "nothing runs on "+n.Name(), func() bool { return len(n.Processes()) == 0 })
	}
}

// spare is how many restarts are left when no more steps are begun.
const spare = 8

// restarts is how many the workers of the round have been told.
func (s *soak) restarts() int {
	n, err := strconv.Atoi(s.round[0].Restarts)
	if err != nil {
		s.t.Fatalf("%+v: %v", s.round[0], err)
	}
	return n
}

// endWell has all workers succeed.
func (s *soak) endWell() {
	s.finish()
	for i, run := range s.up {
		if run == nil {
			continue
		}
		s.ends(0, run)
		if got := s.tells(i); got.Result.Verdict != "succeeded" || got.Result.Status != 0 || got.Result.Root != nil {
			s.t.Errorf("%s tells %+v of a run that has succeeded", s.nodes[i].Name(), got)
		}
	}
}

// endBadly has workers fail until no restart is left.
func (s *soak) endBadly() {
	for s.restarts() < s.most {
		s.quiet(s.workerFails())
	}
	bad := s.round[s.random.IntN(len(s.round))]
	bad.fails(s.t)
	var runs []*started
	var at []int
	for i, run := range s.up {
		if run == nil {
			continue
		}
		runs, at = append(runs, run), append(at, i)
		s.ends(3, run)
	}
	s.blames(runs, at, root{Rank: bad.Rank, Host: bad.Host, Text: "exit", Tail: fmt.Sprintf("rank %d fails on %s", bad.Rank, bad.Host)})
	first := s.tells(at[0]).Result.Root
	for _, i := range at {
		got := s.tells(i)
		if got.Result.Verdict != "failed" || got.Result.Status != 3 {
			s.t.Errorf("%s tells %+v of a run that has failed", s.nodes[i].Name(), got)
		}
		if cause := got.Result.Root; cause == nil || first == nil || cause.Node != bad.Group || *cause != *first {
			s.t.Errorf("%s tells of %+v, %s of %+v; it was %+v", s.nodes[i].Name(), cause, s.nodes[at[0]].Name(), first, bad)
		}
	}
}

// tells is what a machine that has been there until the end tells of the run. All
// must count what the workers of the last round were told.
func (s *soak) tells(i int) ended {
	s.t.Helper()
	got, h := s.nodes[i].ended(), of(s.round, s.nodes[i].Name())
	run, life, _ := strings.Cut(h.Life, "/")
	attempt, err := strconv.Atoi(life)
	if err != nil || got.ID != run || got.Restarts != s.restarts() || got.Result.Attempts != attempt+1 || got.Result.WorldSize != len(s.round) {
		s.t.Errorf("%s tells %+v of a run that ended with %+v of %d", h.Host, got, h, len(s.round))
	}
	return got
}

// names are the machines that take part.
func (s *soak) names() (names []string) {
	for i, run := range s.up {
		if run != nil {
			names = append(names, s.nodes[i].Name())
		}
	}
	return names
}

// quiet waits until those who are there are one round, another one if so. Who has
// come waits its time; a failure lets it in at once.
func (s *soak) quiet(another bool) {
	s.t.Helper()
	var before [][]hand
	if another && s.round != nil {
		before = append(before, s.round)
	}
	deadline, kick := time.Now().Add(60*time.Second), time.Now().Add(3*time.Second)
	kicked := 0
	for {
		got := living(s.dir)
		why := s.isRound(got, before, s.names())
		if slices.ContainsFunc(got, func(h hand) bool { return h.PID == kicked }) {
			why = "one of them is about to fail" // or its failure would count in the next round
		}
		if why == "" {
			s.counts(got)
			s.round, s.fails = got, 0
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("no round of %v: %s\n%+v", s.names(), why, got)
		}
		if time.Now().After(kick) && len(got) > 0 && got[0].Restarts != strconv.Itoa(s.most) {
			s.fails++
			kicked = got[0].PID
			syscall.Kill(kicked, syscall.SIGUSR1)
			kick = time.Now().Add(3 * time.Second)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// counts checks the number of restarts.
func (s *soak) counts(got []hand) {
	s.t.Helper()
	if s.round == nil {
		return
	}
	was := s.restarts()
	is, _ := strconv.Atoi(got[0].Restarts)
	if is < was || is > was+s.fails {
		s.t.Errorf("%d restarts, after %d and at most %d failures", is, was, s.fails)
	}
}

// any is a machine that takes part, but not the endpoint's; ok is false if too
// few would be left without it.
func (s *soak) any() (i int, ok bool) {
	if len(s.names()) < 3 {
		return 0, false
	}
	for {
		if i = 1 + s.random.IntN(len(s.up)-1); s.up[i] != nil {
			return i, true
		}
	}
}

// kill sends a signal to some worker.
func (s *soak) kill(sig syscall.Signal) bool {
	s.fails++
	if err := syscall.Kill(s.round[s.random.IntN(len(s.round))].PID, sig); err != nil {
		s.t.Error(err)
	}
	return true
}

func (s *soak) workerFails() bool  { return s.kill(syscall.SIGUSR1) }
func (s *soak) workerKilled() bool { return s.kill(syscall.SIGKILL) }

func (s *soak) agentKilled() bool {
	i, ok := s.any()
	if !ok {
		return s.comes()
	}
	s.nodes[i].kill9(false)
	s.up[i].end()
	s.up[i] = nil
	return true
}

func (s *soak) nodeKilled() bool {
	i, ok := s.any()
	if !ok {
		return s.comes()
	}
	s.dark[s.nodes[i].Name()] = true
	s.nodes[i].kill9(true)
	s.up[i].end()
	s.up[i] = nil
	return true
}

func (s *soak) endpointKilled() bool {
	s.nodes[0].kill9(false)
	s.up[0].end()
	time.Sleep(time.Duration(s.random.IntN(2000)) * time.Millisecond)
	s.up[0] = s.start(0)
	return true
}

func (s *soak) leaves() bool {
	i, ok := s.any()
	if !ok {
		return s.comes()
	}
	s.up[i].Process.Signal(syscall.SIGTERM)
	s.ends(143, s.up[i])
	s.up[i] = nil
	return true
}

func (s *soak) comes() bool {
	for i, run := range s.up {
		if run == nil {
			s.up[i] = s.start(i)
			return true
		}
	}
	return false
}

// cutOff ends when the others have begun without it.
func (s *soak) cutOff() bool {
	i, ok := s.any()
	if !ok {
		return s.comes()
	}
	s.apart(i, func() { s.net.Cut(s.nodes[i].Name()) })
	return true
}

func (s *soak) cutOneWay() bool {
	i, ok := s.any()
	if !ok {
		return s.comes()
	}
	from, to := "a", s.nodes[i].Name()
	if s.random.IntN(2) == 0 {
		from, to = to, from
	}
	s.apart(i, func() { s.net.CutOneWay(from, to) })
	return true
}

// apart has a machine be without the others for a round.
func (s *soak) apart(i int, cut func()) {
	cut()
	run := s.up[i]
	s.up[i] = nil
	s.quiet(true)
	s.up[i] = run
	s.net.Heal(s.nodes[i].Name())
}

// cutShortly may, on a busy machine, be too long for a lease.
func (s *soak) cutShortly() bool {
	i, ok := s.any()
	if ok {
		s.net.Cut(s.nodes[i].Name())
		time.Sleep(time.Duration(s.random.IntN(500)) * time.Millisecond)
		s.net.Heal(s.nodes[i].Name())
	}
	return false
}

func (s *soak) links() bool {
	all := []testnet.Faults{{}, {Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond}, {Loss: 0.02}, {Duplicate: 0.1, Reorder: 0.1}}
	f := all[s.random.IntN(len(all))]
	s.net.SetFaults("", "", f)
	s.t.Logf("%+v", f)
	return false
}
