package job

import (
	"strconv"
	"time"
)

func (s *Spec) checkTorch() *UsageError {
	t := s.Torch
	if t == nil {
		return nil
	}
	for _, p := range []struct {
		field string
		port  int
	}{{"torch.master_port", t.MasterPort}, {"torch.health_port", t.HealthPort}} {
		if p.port < 0 || p.port > 65535 {
			return &UsageError{Field: p.field, Value: strconv.Itoa(p.port), Why: "ports go from 0 to 65535"}
		}
	}
	if hasNUL(t.TimerFile) {
		return &UsageError{Field: "torch.timer_file", Value: t.TimerFile, Why: "a path cannot hold a NUL byte"}
	}
	return nil
}

func (s *Spec) checkBind() *UsageError { return s.Bind.check(s.Size()) }

func (s *Spec) checkNodes() *UsageError {
	n := s.Nodes
	if n.Elastic() {
		return s.checkElastic()
	}
	switch {
	case n.Count < 0:
		return &UsageError{Field: "nodes.count", Value: strconv.Itoa(n.Count), Why: "there is at least one node"}
	case n.Rank < 0 || n.Rank >= max(n.Count, 1):
		return &UsageError{Field: "nodes.rank", Value: strconv.Itoa(n.Rank),
			Why: "node ranks go from 0 to " + strconv.Itoa(max(n.Count, 1)-1)}
	case !n.Several():
		return nil
	case n.Host == "":
		return &UsageError{Field: "nodes.host", Why: "the nodes do not know where to meet", Hint: "name the address of node 0"}
	case n.Port < 1 || n.Port > 65535:
		return &UsageError{Field: "nodes.port", Value: strconv.Itoa(n.Port), Why: "the nodes must meet at a port from 1 to 65535"}
	case n.JoinTimeout < 0 || n.ExitBarrier < 0 || n.Heartbeat < 0:
		return &UsageError{Field: "nodes.join_timeout", Why: "a time cannot be negative"}
	case s.Restart.Scope == RestartWorker:
		return &UsageError{Field: "restart.scope", Value: string(RestartWorker), Why: "with several nodes the gangs start again together"}
	}
	return nil
}

func (s *Spec) checkElastic() *UsageError {
	n := s.Nodes
	switch {
	case n.Min < 1 || n.Max < n.Min:
		return &UsageError{Field: "nodes", Value: strconv.Itoa(n.Min) + ":" + strconv.Itoa(n.Max), Why: "give MIN:MAX with 1 <= MIN <= MAX"}
	case n.RankSet && (n.Rank < 0 || n.Rank >= n.Max):
		return &UsageError{Field: "node-rank", Value: strconv.Itoa(n.Rank), Why: "node ranks go from 0 to " + strconv.Itoa(n.Max-1)}
	case len(n.Servers) == 0 && n.Host == "":
		return &UsageError{Field: "endpoint", Why: "the nodes do not know where to meet", Hint: "give all of them the same --endpoint HOST:PORT, an address of one of them"}
	case len(n.Servers) == 0 && (n.Port < 1 || n.Port > 65535):
		return &UsageError{Field: "endpoint", Value: strconv.Itoa(n.Port), Why: "the nodes must meet at a port from 1 to 65535"}
	case n.JoinTimeout < 0 || n.ExitBarrier < 0 || n.LastCall < 0 || n.StoreGrace < 0 || n.CloseTimeout < 0:
		return &UsageError{Field: "nodes", Why: "a time cannot be negative"}
	case n.Lease != 0 && (time.Duration(n.Lease) < 200*time.Millisecond || time.Duration(n.Lease) > time.Hour):
		return &UsageError{Field: "lease", Value: n.Lease.String(), Why: "give 200ms to 1h"}
	case s.Restart.Scope == RestartWorker:
		return &UsageError{Field: "restart.scope", Value: string(RestartWorker), Why: "with several nodes the gangs start again together"}
	}
	return nil
}
