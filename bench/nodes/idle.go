package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// idle measures what agents cost that have met and have nothing to say. Server,
// leader and all agents are this process, so their CPU time is shared out.
func (m *measurement) idle(ctx context.Context) error {
	f, err := overTCP(nil)
	if err != nil {
		return err
	}
	g, _, err := f.assemble(ctx, m.agents)
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // what the start left
	calls, pushes, cpu, began := f.calls.Load(), f.pushes.Load(), used(), time.Now()
	select {
	case <-time.After(m.window):
	case <-ctx.Done():
	}
	took := time.Since(began)
	cpu = used() - cpu
	calls, pushes = f.calls.Load()-calls, f.pushes.Load()-pushes
	if err := errors.Join(ctx.Err(), g.end()); err != nil {
		return err
	}
	minutes := took.Minutes() * float64(m.agents)
	if err := m.tell(fmt.Sprintf("%d idle agents, CPU per agent and minute", m.agents), short(cpu)+" in "+short(took), "",
		cpu.Seconds()*1e3/minutes, "%.1f ms"); err != nil {
		return err
	}
	return m.tellOnly(fmt.Sprintf("%d idle agents, messages per agent and minute", m.agents),
		fmt.Sprintf("%.0f calls (a question and an answer), %.1f publications", float64(calls)/minutes, float64(pushes)/minutes))
}
