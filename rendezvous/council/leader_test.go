package council

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Another leader goes on from what was saved, in each stage.
func TestSuccession(t *testing.T) {
	for _, c := range []struct {
		stage stage
		until func(p play)
		want  string // when time has passed
	}{
		{gathering, func(p play) {
			p.do(p.start, 0, 1)
			p.seats[1].slow = true
			p.do(p.again, 0)
			p.seats[1].slow = false
		}, "a:up1/0 b:up1/1"},
		{hosting, func(p play) {
			p.start(0)
			p.start(1)
			p.deliver(0)
			p.deliver(0)
		}, "a:up0/0 b:up0/1"},
		{running, func(p play) { p.do(p.start, 0, 1) }, "a:up0/0 b:up0/1"},
		{ending, func(p play) {
			p.do(p.start, 0, 1)
			p.seats[1].slow = true
			p.do(p.fail, 0)
			p.pass(1) // for news of another end behind it
			p.seats[1].slow = false
		}, "a:failure 1 b:failure 1"},
		{over, func(p play) {
			p.do(p.start, 0, 1)
			p.finish(0)
			p.finish(1)
			p.deliver(0)
			p.deliver(0)
		}, "a:success b:success"},
	} {
		for _, answers := range []int{0, lease / 2} {
			t.Run(fmt.Sprint(c.stage, answers), func(t *testing.T) {
				p := newPlay(t, testTerms(2, 2), nodes(2)...)
				c.until(p)
				if p.lead().stage != c.stage {
					t.Fatalf("stage %s, want %s", p.lead().stage, c.stage)
				}
				p.succeed(true, answers)
				if c.stage == hosting {
					// Of what a leader had before the first round, nothing need be
					// kept.
					p.lead().Tick(p.clock(p.now))
				}
				p.pass(3*lease + 2)
				p.sees(c.want)
			})
		}
	}
}

// A newcomer does not end a round that the leader before has ordered, and that its
// members may be beginning right now.
func TestSuccessionAndOrderUnderWay(t *testing.T) {
	p := newPlay(t, testTerms(2, 3), nodes(3)...)
	p.start(0)
	p.start(1)
	for p.lead().stage != running {
		if len(p.net) == 0 {
			p.tick()
		} else {
			p.deliver(0)
		}
	}
	p.net = slices.DeleteFunc(p.net, func(q packet) bool { return q.order.Do != Run })
	for i := range p.net {
		p.net[i].late = true
	}
	p.succeed(true, lease/2)
	for i := range 2 {
		p.seats[i].to = 2
	}
	p.start(2)
	up := func(i int) {
		p.deliver(slices.IndexFunc(p.net, func(q packet) bool { return q.up && q.seat == i }))
	}
	up(2)
	if c := p.lead(); c.stage != running || c.round != 0 {
		t.Errorf("the newcomer has ended the round: stage %s of round %d", c.stage, c.round)
	}
	for i := range 2 {
		p.send(i)
		up(i)
	}
	p.pass(2)
	p.sees("a:up1/0 b:up1/1 c:up1/2")
}

// Who was done and died is remembered; who died with the leader is found out.
func TestSuccessionAndDeath(t *testing.T) {
	p := newPlay(t, testTerms(2, 2), nodes(2)...)
	p.do(p.start, 0, 1)
	p.do(p.finish, 0)
	p.kill(0, false)
	p.succeed(true, 0)
	p.pass(4 * lease)
	p.sees("a:gone b:up0/1")
	p.do(p.finish, 1)
	p.sees("a:gone b:success")

	p = newPlay(t, testTerms(1, 2), nodes(2)...)
	p.do(p.start, 0, 1)
	p.kill(0, false)
	p.succeed(true, 0)
	p.pass(2 * lease)
	p.sees("a:gone b:up0/1")
	p.pass(2)
	p.sees("a:gone b:up1/0")
}

// A leader that hears too few of those that the one before knew waits for them, as
// others may reach only another server of the bus; but not for ever.
func TestSuccessorOutOfReach(t *testing.T) {
	begin := func() play {
		terms := testTerms(2, 3)
		terms.Restarts = 0
		p := newPlay(t, terms, nodes(3)...)
		p.do(p.start, 0, 1, 2)
		p.sees("a:up0/0 b:up0/1 c:up0/2")
		p.reach = 5 * terms.Lease
		p.seats[0].cut, p.seats[1].cut = true, true
		p.succeed(true, 0)
		p.pass(4 * lease)
		p.sees("a:idle0/0 b:idle0/1 c:up0/2")
		return p
	}
	p := begin()
	p.seats[0].cut, p.seats[1].cut = false, false
	p.pass(2)
	p.sees("a:up1/0 b:up1/1 c:up1/2")
	p.do(p.finish, 0, 1, 2)
	p.sees("a:success b:success c:success")

	p = begin()
	p.pass(2 * lease)
	if c := p.lead(); c.verdict == nil || !strings.Contains(c.verdict.Text, "1 of at least 2 nodes are left") {
		t.Errorf("stage %s, %v", c.stage, c.verdict)
	}
}

// The end is told to those who come late, by the next leader as well, until Close;
// then the id can be used again.
func TestLate(t *testing.T) {
	terms := testTerms(1, 1)
	terms.Close = 20 * tick
	p := newPlay(t, terms, nodes(3)...)
	p.do(p.start, 0)
	p.do(p.finish, 0)
	p.do(p.start, 1)
	p.pass(10)
	p.succeed(true, 0)
	p.do(p.start, 2)
	p.sees("a:success b:success c:success")
	for i := range p.seats {
		p.seats[i].told = ""
	}
	p.pass(12)
	p.verdict, p.formed = "", formed{round: -1}
	p.succeed(true, 0)
	if p.lead().life == "x" {
		t.Error("it is the same life")
	}
	p.do(p.start, 0)
	p.pass(1)
	p.sees("a1:up0/0 b:gone c:gone")
}

// A leader that lost its memory meets agents of before: it waits for those who
// come back, and has no round before their workers are gone.
func TestMemoryLost(t *testing.T) {
	p := newPlay(t, testTerms(1, 3), nodes(3)...)
	p.do(p.start, 0, 1)
	p.pass(1)
	for range 7 {
		p.do(p.again, 1)
	}
	p.sees("a:up7/0 b:up7/1")
	life := p.lead().life
	p.seats[1].slow = true
	p.succeed(false, 0)
	p.do(p.start, 2)
	p.pass(4)
	p.sees("a:idle7/0 b:up7/1 c:idle")
	p.stop(1)
	p.pass(0)
	p.sees("a:up8/0 b:up8/1 c:up8/2")
	if c := p.lead(); c.life != life || c.restarts != 7 {
		t.Errorf("life %q, %d restarts", c.life, c.restarts)
	}
	p.seats[0].st.Node.Workers, p.seats[1].st.Phase = 1, Up
	p.do(p.finish, 0, 1, 2)
	p.sees("a:success b:success c:success")
}

// The first round waits for agents of before, and a newcomer does not begin
// without them.
func TestSettle(t *testing.T) {
	p := newPlay(t, testTerms(1, 1), nodes(2)...)
	p.do(p.start, 0)
	p.succeed(false, 0)
	p.do(p.start, 1)
	p.sees("a:up0/0 b:idle")
	p.pass(2)
	p.sees("a:up1/0 b:idle")

	// One that comes when the store is being made is not too late.
	p = newPlay(t, testTerms(1, 2), nodes(2)...)
	p.do(p.start, 0)
	p.pass(1)
	p.seats[0].cut = true
	p.succeed(false, 0)
	p.start(1)
	for range 20 {
		if p.lead().stage == hosting {
			break
		}
		if len(p.net) == 0 {
			p.tick()
		} else {
			p.deliver(0)
		}
	}
	p.seats[0].cut = false
	p.seats[0].heard = p.now
	p.hear(packet{seat: 0, id: "a", st: p.seats[0].st, to: 2, sent: p.now})
	if p.lead().stage != gathering {
		t.Errorf("stage %s", p.lead().stage)
	}
	p.pass(3)
	p.sees("a:up1/1 b:up1/0")
}

// A status that was overtaken is not heard.
func TestOvertaken(t *testing.T) {
	p := newPlay(t, testTerms(1, 1), nodes(1)...)
	p.do(p.start, 0)
	before := p.seats[0].st
	before.Seq, before.Phase, before.End = 1, Idle, &End{Round: 0, Kind: "again"}
	p.lead().Hear(p.clock(p.now), before)
	p.pass(1)
	p.sees("a:up0/0")
}

// Two lives may meet at a leader that knows neither.
func TestTwoLives(t *testing.T) {
	p := newPlay(t, testTerms(2, 2), nodes(2)...)
	p.do(p.start, 0, 1)
	p.do(p.again, 0)
	p.seats[0].st.Life = "another"
	p.seats[0].st.Round = 9
	p.succeed(false, 0)
	p.pass(4)
	p.sees("a:up10/0 b:up10/1")
}

// Wake is never past, so that who waits for it does not spin.
func TestWake(t *testing.T) {
	terms := testTerms(2, 3)
	c := New(Config{Terms: terms, Epoch: 1, Life: "x", Settle: time.Second}, origin)
	c.Tick(origin)
	if at := c.Wake(); !at.IsZero() {
		t.Errorf("it wakes at %v with nobody there", at.Sub(origin))
	}
	p := newPlay(t, terms, nodes(3)...)
	for i, f := range []func(){
		func() { p.start(0) }, func() { p.start(1) }, func() {}, func() { p.start(2) }, func() { p.kill(0, true) },
		func() { p.start(0) }, func() { p.again(0) }, func() { p.fail(0) },
	} {
		f()
		for range 3 {
			p.pass(1)
			if at := p.lead().Wake(); !at.IsZero() && !at.After(p.clock(p.now)) {
				t.Errorf("step %d: in stage %s it wakes %v ago", i, p.lead().stage, p.clock(p.now).Sub(at))
			}
		}
	}
}
