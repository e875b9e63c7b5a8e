package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// meet measures the first round, and the one after an agent was killed.
func (m *measurement) meet(ctx context.Context) error {
	var first, next []time.Duration
	var cpu time.Duration
	for range m.rounds {
		a, b, c, err := m.once(ctx)
		if err != nil {
			return err
		}
		first, next, cpu = append(first, a), append(next, b), cpu+c
	}
	kind := "agents over TCP"
	if m.local {
		kind = "agents without sockets"
	}
	ms := func(all []time.Duration) float64 { return result.Median(all).Seconds() * 1e3 }
	fmt.Fprintf(m.out, "%d %s: %s of CPU for both rounds and the end\n", m.agents, kind, short(cpu/time.Duration(m.rounds)))
	if m.python == "" {
		if err := m.tell(fmt.Sprintf("%d %s, first round", m.agents, kind), spread(first), "", ms(first), "%.0f ms"); err != nil {
			return err
		}
		if err := m.tell(fmt.Sprintf("%d %s, round after one is killed", m.agents, kind), spread(next), "", ms(next), "%.0f ms"); err != nil {
			return err
		}
		return m.tellOnly(fmt.Sprintf("%d %s, CPU for all that", m.agents, kind), short(cpu/time.Duration(m.rounds)))
	}
	theirs, err := m.torch(ctx)
	if err != nil {
		return err
	}
	if err := m.tell(fmt.Sprintf("%d %s, first round", m.agents, kind), spread(first), short(theirs[0]), theirs[0].Seconds()/result.Median(first).Seconds(), "%.1f x"); err != nil {
		return err
	}
	return m.tell(fmt.Sprintf("%d %s, round after one is killed", m.agents, kind), spread(next), short(theirs[1]), theirs[1].Seconds()/result.Median(next).Seconds(), "%.1f x")
}

// tellOnly is a row without a goal.
func (m *measurement) tellOnly(name, figure string) error {
	fmt.Fprintf(m.out, "%s: %s\n", name, figure)
	return result.Row{Name: name, Ours: figure, Verdict: "-"}.Append(m.rows)
}

func (m *measurement) once(ctx context.Context) (first, next, cpu time.Duration, err error) {
	before := used()
	f := within()
	if !m.local {
		if f, err = overTCP(nil); err != nil {
			return 0, 0, 0, err
		}
	}
	g, first, err := f.assemble(ctx, m.agents)
	if err != nil {
		return 0, 0, 0, err
	}
	if next, err = g.lose(ctx); err != nil {
		return 0, 0, 0, err
	}
	if err := g.end(); err != nil {
		return 0, 0, 0, err
	}
	return first, next, used() - before, nil
}
