package council

import (
	"fmt"
	"testing"

	"github.com/sluicerun/sluice/rendezvous"
)

const many = 1024

// crowd are many agents that come to a new council.
func crowd(ranked bool) (*Council, []Status) {
	terms := testTerms(many, many)
	all := make([]Status, many)
	for i := range all {
		rank := -1
		if ranked {
			rank = i
		}
		all[i] = Status{Version: Version, ID: fmt.Sprintf("agent%05d", i), Terms: terms, Phase: Idle, Round: -1, Group: -1,
			Node: rendezvous.Node{Name: fmt.Sprint("host", i), Addr: fmt.Sprint("10.0.", i/256, ".", i%256), Workers: 8, Rank: rank}}
	}
	return New(Config{Terms: terms, Epoch: 1, Life: "x"}, origin), all
}

// round lets all agents form a round.
func round(b *testing.B, c *Council, all []Status) {
	say := func(s *Status) {
		s.Seq++
		c.Hear(origin, *s)
		c.Orders()
		if _, ok := c.Order(s.ID); !ok {
			b.Fatal("there is no order")
		}
	}
	for i := range all {
		say(&all[i])
	}
	all[0].Master = &Master{Round: c.round, Addr: "a", Port: 1}
	say(&all[0])
	for i := range all {
		o, _ := c.Order(all[i].ID)
		if o.Do != Run {
			b.Fatalf("%+v", o)
		}
		all[i].Phase, all[i].Round, all[i].Group, all[i].Master = Up, o.Round, o.Place.GroupRank, nil
		say(&all[i])
	}
}

func BenchmarkRounds(b *testing.B) {
	for _, ranked := range []bool{false, true} {
		b.Run(fmt.Sprintf("ranked=%v", ranked), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, all := crowd(ranked)
				round(b, c, all)
				all[7].End = &End{Round: 0, Kind: rendezvous.Again}
				all[7].Seq++
				c.Hear(origin, all[7])
				for i := range all {
					all[i].Phase, all[i].End = Idle, nil
				}
				round(b, c, all)
				if c.stage != running || c.round != 1 {
					b.Fatalf("stage %s, round %d", c.stage, c.round)
				}
			}
		})
	}
}

// A status that says nothing new, which is nearly every one.
func BenchmarkBeat(b *testing.B) {
	c, all := crowd(false)
	round(b, c, all)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Hear(origin, all[i%many])
		c.Order(all[i%many].ID)
		c.Orders()
	}
}
