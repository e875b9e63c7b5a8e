package council

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
)

// play is a script of a world, and what is seen in it.
type play struct {
	*world
	t *testing.T
}

func newPlay(t *testing.T, terms Terms, list ...rendezvous.Node) play {
	return play{newWorld(terms, list...), t}
}

// do does something with some seats, then lets messages arrive.
func (p play) do(f func(i int), seats ...int) {
	p.t.Helper()
	for _, i := range seats {
		f(i)
	}
	p.pass(0)
	p.sound()
}

func (p play) sound() {
	p.t.Helper()
	if p.broken != "" {
		p.t.Fatal(p.broken)
	}
}

// picture shows each seat: what it does, in which round and at which rank, as in
// "a:up0/1".
func (p play) picture() string {
	var words []string
	for i := range p.seats {
		s := &p.seats[i]
		switch {
		case s.told != "":
			words = append(words, fmt.Sprintf("%s:%s", s.st.ID, s.told))
		case s.births == 0:
		case !s.on:
			words = append(words, s.st.ID+":gone")
		case s.st.Round < 0:
			words = append(words, fmt.Sprintf("%s:%s", s.st.ID, s.st.Phase))
		default:
			words = append(words, fmt.Sprintf("%s:%s%d/%d", s.st.ID, s.st.Phase, s.st.Round, s.st.Group))
		}
	}
	return strings.Join(words, " ")
}

func (p play) sees(want string) {
	p.t.Helper()
	p.sound()
	if got := p.picture(); got != want {
		p.t.Fatalf("%s, want %s", got, want)
	}
}

// killed and lost are the two ways to die.
func (p play) killed(i int) { p.kill(i, true); p.pass(1) }
func (p play) lost(i int)   { p.kill(i, false); p.pass(lease + 2) }

func TestForming(t *testing.T) {
	t.Run("at Max at once", func(t *testing.T) {
		p := newPlay(t, testTerms(1, 3), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.sees("a:up0/0 b:up0/1 c:up0/2")
		if f := p.formed; f.size != 3 || f.world != 4 || f.master != (Master{0, "a", 1}) {
			t.Errorf("%+v", f)
		}
	})
	t.Run("fewer than Min never", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 3), nodes(3)...)
		p.do(p.start, 0)
		p.pass(100)
		p.sees("a:idle")
		if o, _ := p.lead().Order("a"); o.Why != "1 of at least 2 nodes are here" || o.Present != 1 {
			t.Errorf("%+v", o)
		}
	})
	t.Run("at Min after the last call", func(t *testing.T) {
		terms := testTerms(2, 3)
		terms.LastCall = 3 * tick
		p := newPlay(t, terms, nodes(3)...)
		p.do(p.start, 0)
		p.pass(5)
		p.do(p.start, 1)
		p.pass(2)
		p.sees("a:idle b:idle")
		p.pass(1)
		p.sees("a:up0/0 b:up0/1")
	})
	t.Run("the last call begins again when too few are left", func(t *testing.T) {
		terms := testTerms(2, 3)
		terms.LastCall = 3 * tick
		p := newPlay(t, terms, nodes(3)...)
		p.do(p.start, 0, 1)
		p.pass(1)
		p.do(p.goes, 1)
		p.pass(5)
		p.do(p.start, 2)
		p.pass(2)
		p.sees("a:idle b:gone c:idle")
		p.pass(1)
		p.sees("a:up0/0 b:gone c:up0/1")
	})
	t.Run("without a last call after a round", func(t *testing.T) {
		terms := testTerms(2, 3)
		terms.LastCall = time.Hour
		p := newPlay(t, terms, nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.killed(1)
		p.sees("a:up1/0 b:gone c:up1/1")
	})
}

func TestScale(t *testing.T) {
	t.Run("a spare steps in", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.sees("a:up0/0 b:up0/1 c:idle")
		if o, _ := p.lead().Order("c"); !o.Spare || o.Why != "the run has its 2 nodes; this one steps in when one of them goes" {
			t.Errorf("%+v", o)
		}
		p.killed(0)
		p.sees("a:gone b:up1/1 c:up1/0")
		if p.formed.restarts != 0 {
			t.Error("it was counted as a restart")
		}
	})
	t.Run("newcomers", func(t *testing.T) {
		p := newPlay(t, testTerms(1, 3), nodes(3)...)
		p.do(p.start, 0)
		p.pass(1)
		p.sees("a:up0/0")
		p.do(p.start, 1)
		p.sees("a:up1/0 b:up1/1")
		if p.formed.restarts != 0 {
			t.Error("it was counted as a restart")
		}
	})
	t.Run("who comes and goes has to wait", func(t *testing.T) {
		p := newPlay(t, testTerms(1, 2), nodes(2)...)
		p.do(p.start, 0)
		p.pass(1)
		var waits []int
		for range 9 {
			p.do(p.start, 1)
			n := 0
			for ; p.seats[1].st.Phase != Up; n++ {
				if n > 1000 {
					t.Fatal("it waits for ever")
				}
				p.pass(1)
			}
			waits = append(waits, n)
			p.do(p.goes, 1)
		}
		if got := fmt.Sprint(waits); got != "[0 4 8 16 32 64 128 240 240]" {
			t.Errorf("it waited %s ticks", got)
		}
		p.pass(int(steady/tick) + 1)
		p.do(p.start, 1)
		p.sees("a:up19/0 b9:up19/1")
		p.do(p.goes, 1)
		p.do(p.start, 1)
		p.sees("a:up21/0 b10:up21/1")
	})
	t.Run("a node leaves", func(t *testing.T) {
		p := newPlay(t, testTerms(1, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.do(p.goes, 0)
		p.sees("a:gone b:up1/0")
		if e := p.lead().ended; e.Why != "has left the run" || e.Node.Name != "n0" || p.formed.restarts != 0 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a node that is cut off", func(t *testing.T) {
		p := newPlay(t, testTerms(1, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.seats[0].cut = true
		p.pass(lease)
		p.sees("a:idle0/0 b:up0/1") // fenced before the others go on
		p.pass(2)
		p.sees("a:idle0/0 b:up1/0")
		p.seats[0].cut = false
		p.pass(2)
		p.sees("a:up2/1 b:up2/0")
	})
}

func TestTooFew(t *testing.T) {
	terms := testTerms(2, 2)
	terms.Restarts = 1
	p := newPlay(t, terms, nodes(2)...)
	p.do(p.start, 0, 1)
	p.lost(1)
	p.sees("a:idle0/0 b:gone") // one restart is there, so it may come back
	p.do(p.start, 1)
	p.sees("a:up1/0 b1:up1/1")
	if p.formed.restarts != 1 {
		t.Errorf("%d restarts", p.formed.restarts)
	}
	p.killed(1)
	p.sees("a:was lost: its agent has ended without a word, or its machine has closed the connection; 1 of at least 2 nodes are left b1:gone")
}

func TestEnd(t *testing.T) {
	t.Run("success", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.do(p.finish, 0)
		p.sees("a:done0/0 b:up0/1")
		p.do(p.finish, 1)
		p.sees("a:success b:success")
		if !p.lead().Ended() || !p.lead().Over(p.clock(p.now)) {
			t.Error("the leader may not go")
		}
	})
	t.Run("who is done may die", func(t *testing.T) {
		for _, how := range []func(play){
			func(p play) { p.killed(0) }, func(p play) { p.lost(0) }, func(p play) { p.do(p.goes, 0) },
		} {
			p := newPlay(t, testTerms(2, 2), nodes(2)...)
			p.do(p.start, 0, 1)
			p.do(p.finish, 0)
			how(p)
			p.sees("a:gone b:up0/1")
			p.do(p.finish, 1)
			p.sees("a:gone b:success")
		}
	})
	t.Run("who is done works again", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.do(p.finish, 0)
		p.do(p.again, 1)
		p.sees("a:up1/0 b:up1/1")
	})
	t.Run("failure before a round", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0)
		p.do(p.fail, 0)
		p.do(p.start, 1)
		p.sees("a:failure 1 b:failure 1")
	})
	t.Run("failure for good after another has begun again", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.again(0)
		p.fail(1)
		p.pass(0)
		p.sees("a:failure 1 b:failure 1") // what failed first in that round
	})
	t.Run("a spare that gives up is nobody's failure", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.do(p.fail, 2)
		p.pass(2)
		p.sees("a:up0/0 b:up0/1 c:idle")
		p.killed(0)
		p.do(p.start, 0)
		p.sees("a1:up1/0 b:up1/1 c:idle")
	})
	t.Run("somebody asks for it", func(t *testing.T) {
		ask := func(p play, i int) {
			f := p.failure(i)
			f.Stopped, f.At = 143, p.clock(p.now)
			p.seats[i].st.End = &End{Round: p.seats[i].st.Round, Kind: rendezvous.Failed, Failure: f}
			p.say(i)
			p.pass(0)
		}
		// A member, although another one is dying, and a spare; and before any round.
		p := newPlay(t, testTerms(1, 2), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.kill(0, true)
		ask(p, 1)
		if v := p.lead().verdict; !p.lead().Ended() || v.Stopped != 143 || v.Node.Name != "n1" {
			t.Errorf("a member asked: %+v", v)
		}
		p = newPlay(t, testTerms(1, 2), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.seats[0].slow = true // it is not waited for
		ask(p, 2)
		if v := p.lead().verdict; p.lead().stage != over || v.Stopped != 143 || v.Node.Name != "n2" {
			t.Errorf("a spare asked: %+v", v)
		}
		p = newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0)
		ask(p, 0)
		if v := p.lead().verdict; p.lead().stage != over || v.Stopped != 143 {
			t.Errorf("the first that came asked: %+v", v)
		}
		// It is too late.
		p = newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.do(p.fail, 0)
		p.pass(2)
		ask(p, 1)
		if v := p.lead().verdict; v.Stopped != 0 {
			t.Errorf("the run had failed: %+v", v)
		}
	})
	t.Run("abort", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(2)...)
		p.do(p.start, 0, 1)
		p.act(p.chair(1), func(c *Council) { c.Abort(p.clock(p.now), "b", rendezvous.Failure{Text: "gone", Rank: -1}) })
		p.pass(0)
		p.sees("a:gone b:gone")
		p.lead().Abort(p.clock(p.now), "b", rendezvous.Failure{Text: "again"})
		if v := p.lead().verdict; v.Text != "gone" || v.Node.Rank != 1 {
			t.Errorf("the verdict is %+v", v)
		}
	})
}

func TestRestarts(t *testing.T) {
	for _, who := range [][]int{{0}, {1}, {0, 1}, {2, 1, 0}} {
		p := newPlay(t, testTerms(1, 3), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.do(p.again, who...)
		p.sees("a:up1/0 b:up1/1 c:up1/2")
		if p.formed.restarts != 1 {
			t.Errorf("%v: %d restarts", who, p.formed.restarts)
		}
	}
}

// The first failure is the root cause, whoever tells of it first.
func TestRootCause(t *testing.T) {
	p := newPlay(t, testTerms(3, 3), nodes(3)...)
	p.do(p.start, 0, 1, 2)
	at := func(i int, when time.Duration) {
		s := &p.seats[i]
		s.st.First = p.failure(i)
		s.st.First.At = origin.Add(when)
	}
	at(2, 5*time.Second)
	at(1, 3*time.Second)
	p.say(2)
	p.seats[0].st.First = &rendezvous.Failure{Text: "of no time"}
	p.fail(0)
	p.seats[0].st.End.Failure.At = origin.Add(4 * time.Second)
	p.seats[1].slow = true // who has workers may have more to say
	p.pass(3)
	p.sees("a:idle0/0 b:up0/1 c:idle0/2")
	p.stop(1)
	p.pass(0)
	p.sees("a:failure 2 b:failure 2 c:failure 2")
	if f := p.lead().verdict; f.Node.Rank != 1 || f.Node.Name != "n1" {
		t.Errorf("%+v", f)
	}

	p = newPlay(t, testTerms(2, 2), nodes(2)...)
	p.do(p.start, 0, 1)
	p.fail(0)
	p.seats[1].slow = true
	p.pass(int(rootWait/tick) + 1)
	if p.sound(); p.seats[0].told != "failure 1" {
		t.Error("who does not stop is waited for without end")
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		change func(*Status)
		want   string
	}{
		{func(s *Status) { s.Terms.Run = "other" }, `its run id is "other", and that of the others "job": give the same figures on all nodes`},
		{func(s *Status) { s.Terms.Min = 2 }, `it asks for 2 nodes, and the others for 1:2: give the same figures on all nodes`},
		{func(s *Status) { s.Terms.Max = 3 }, `it asks for 1:3 nodes, and the others for 1:2: give the same figures on all nodes`},
		{func(s *Status) { s.Terms.Restarts = 9 }, `it allows 9 restarts, and the others 3: give the same figures on all nodes`},
		{func(s *Status) { s.Terms.Lease *= 2 }, `its lease is 2s, and that of the others 1s: give the same figures on all nodes`},
		{func(s *Status) { s.Node.Rank = 2 }, `its node rank is 2, and with at most 2 nodes they are 0 to 1`},
		{func(s *Status) { s.Node.Rank = 0 }, `node rank 0 is taken by host n0: give every node another --node-rank`},
		{func(s *Status) { s.Life = "older" }, `it belongs to an older life of this run: start it again`},
	} {
		list := nodes(2)
		list[0].Rank = 0
		p := newPlay(t, testTerms(1, 2), list...)
		p.do(p.start, 0)
		p.pass(1)
		c.change(&p.seats[1].st)
		life, rank := p.seats[1].st.Life, p.seats[1].st.Node.Rank
		p.start(1)
		p.seats[1].st.Life, p.seats[1].st.Node.Rank = life, rank
		p.do(p.say, 1)
		p.sees("a:up0/0 b:" + c.want)
	}
}

func TestRanks(t *testing.T) {
	ranked := func(ranks ...int) []rendezvous.Node {
		list := nodes(len(ranks))
		for i, r := range ranks {
			list[i].Rank = r
		}
		return list
	}
	t.Run("honoured", func(t *testing.T) {
		for _, c := range []struct {
			ranks []int
			want  string
		}{
			{[]int{2, 1, 0}, "a:up0/2 b:up0/1 c:up0/0"},
			{[]int{-1, -1, 0}, "a:up0/1 b:up0/2 c:up0/0"},
			{[]int{1, -1, -1}, "a:up0/1 b:up0/0 c:up0/2"},
		} {
			p := newPlay(t, testTerms(3, 3), ranked(c.ranks...)...)
			p.do(p.start, 2, 1, 0)
			p.sees(c.want)
		}
	})
	t.Run("beyond the nodes that have come", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 4), ranked(3, 1)...)
		p.do(p.start, 0, 1)
		p.pass(1)
		p.sees("a:up0/0 b:up0/1")
	})
	t.Run("the host has rank 0", func(t *testing.T) {
		p := newPlay(t, testTerms(3, 3), nodes(3)...)
		p.seats[2].st.Host = true
		p.do(p.start, 0, 1, 2)
		p.sees("a:up0/1 b:up0/2 c:up0/0")
	})
	t.Run("unless another was given it", func(t *testing.T) {
		p := newPlay(t, testTerms(3, 3), ranked(-1, 0, -1)...)
		p.seats[2].st.Host = true
		p.do(p.start, 0, 1, 2)
		p.sees("a:up0/2 b:up0/0 c:up0/1")
	})
	t.Run("kept", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 3), nodes(3)...)
		p.do(p.start, 1, 2)
		p.pass(1)
		p.sees("b:up0/0 c:up0/1")
		p.do(p.start, 0)
		p.sees("a:up1/2 b:up1/0 c:up1/1")
		p.do(p.again, 0)
		p.sees("a:up2/2 b:up2/0 c:up2/1")
	})
	t.Run("a member that comes back takes nobody's", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.seats[0].cut = true
		p.pass(lease + 2)
		p.sees("a:idle0/0 b:up1/1 c:up1/0")
		p.seats[0].cut = false
		p.pass(1)
		p.do(p.again, 1)
		p.sees("a:idle0/0 b:up2/1 c:up2/0")
	})
	t.Run("the same host again", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), ranked(0, 1, 1)...)
		p.seats[2].st.Node = p.seats[1].st.Node
		p.do(p.start, 0, 1)
		p.kill(1, false)
		p.do(p.start, 2)
		p.pass(1)
		p.sees("a:up0/0 b:gone c:idle")
		if o, _ := p.lead().Order("c"); o.Why != "another agent of host n1 has node rank 1, or had it until a moment ago" {
			t.Error(o.Why)
		}
		p.pass(lease + 1)
		p.sees("a:up1/0 b:gone c:up1/1")
	})
	t.Run("given twice, also to where all meet", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), ranked(0, 0)...)
		p.seats[1].st.Host = true
		p.do(p.start, 0, 1)
		p.sees("a:node rank 0 is taken by host n1: give every node another --node-rank b:idle")
	})
	t.Run("given twice on one host", func(t *testing.T) {
		p := newPlay(t, testTerms(2, 2), ranked(0, 0)...)
		p.seats[1].st.Node = p.seats[0].st.Node
		p.do(p.start, 0, 1)
		p.sees("a:idle b:idle")
		for id, want := range map[string]string{
			"a": "1 of at least 2 nodes are here; two agents of host n0 have node rank 0, and one of them waits",
			"b": "another agent of host n0 has node rank 0, or had it until a moment ago",
		} {
			if o, _ := p.lead().Order(id); o.Why != want || o.Present != 1 {
				t.Errorf("%s is told %q, %d are here", id, o.Why, o.Present)
			}
		}
	})
}

func TestSeats(t *testing.T) {
	p := newPlay(t, testTerms(2, 2), nodes(3)...)
	p.do(p.start, 0, 1, 2)
	p.kill(0, false)
	p.pass(lease / 2)
	var got []string
	for _, s := range p.lead().Seats(p.clock(p.now)) {
		got = append(got, fmt.Sprintf("%s %d %d %s %v", s.ID, s.Node.Rank, s.Base, s.Phase, s.Silent))
	}
	if got := strings.Join(got, ", "); got != "a 0 0 up 500ms, b 1 1 up 0s, c -1 -1 idle 0s" {
		t.Error(got)
	}
}
