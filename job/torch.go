package job

import (
	"strconv"
	"strings"
	"time"
)

// Torch is what torchrun does for its workers besides giving them variables.
type Torch struct {
	// RunID is TORCHELASTIC_RUN_ID and tells runs apart that meet at one
	// endpoint; empty means the run's id.
	RunID string `json:"run_id,omitempty"`
	// MasterAddr and MasterPort are where the workers meet; empty and 0 mean
	// this machine and a port of its own for every attempt.
	MasterAddr string `json:"master_addr,omitempty"`
	MasterPort int    `json:"master_port,omitempty"`
	// AgentStore lets the agent host the workers' TCPStore, a fresh one for
	// every attempt; without it rank 0 does.
	AgentStore bool `json:"agent_store,omitempty"`
	// VirtualLocalRank gives every worker LOCAL_RANK 0 and its one device in
	// CUDA_VISIBLE_DEVICES.
	VirtualLocalRank bool `json:"virtual_local_rank,omitempty"`
	// Macros replaces ${local_rank} in the command's arguments, and $$ by $.
	Macros bool `json:"macros,omitempty"`
	// NoErrorFile leaves TORCHELASTIC_ERROR_FILE empty.
	NoErrorFile bool `json:"no_error_file,omitempty"`
	// TimerFile is the FIFO on which workers ask for a deadline (torch's file
	// timer); TimerAuto is one that sluice makes, empty none.
	TimerFile string `json:"timer_file,omitempty"`
	// HealthPort is where the agent answers over HTTP how it fares; 0 is nowhere.
	HealthPort int `json:"health_port,omitempty"`
	// DuplicateStdout and DuplicateStderr are texts: a tee'd line that holds one
	// of them also goes to one file of all ranks of the attempt.
	DuplicateStdout []string `json:"duplicate_stdout,omitempty"`
	DuplicateStderr []string `json:"duplicate_stderr,omitempty"`
}

// Duplicates are the texts for a stream; t may be nil.
func (t *Torch) Duplicates(s Stream) []string {
	switch {
	case t == nil:
		return nil
	case s == Stderr:
		return t.DuplicateStderr
	}
	return t.DuplicateStdout
}

// TimerAuto is a TimerFile where the control sockets are, with a name of its own.
const TimerAuto = "auto"

// Nodes places a run's gang among those of other machines. The agents of all
// nodes are started with the same figures, but for Rank. There are two kinds:
// Count nodes that know their ranks (torchrun's static rendezvous), or Min to Max
// of them that come and go.
type Nodes struct {
	// Count is how many nodes there are; 0 and 1 mean that this one is alone.
	Count int `json:"count,omitempty"`
	// Min and Max are how few and how many nodes a round can have; 0 where Count
	// is meant.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
	// Rank is this node's, from 0. Among Count nodes, node 0 is where the others
	// meet; among Min to Max it is a wish, given if RankSet.
	Rank    int  `json:"rank,omitempty"`
	RankSet bool `json:"rank_set,omitempty"`
	// RunID is what tells runs apart that meet at one place; the same on all
	// nodes. Empty means "none", as with torchrun.
	RunID string `json:"run_id,omitempty"`
	// Servers are those of a NATS cluster that the agents meet at ("nats://host:port"),
	// instead of Host and Port.
	Servers []string `json:"servers,omitempty"`
	// IsHost says whether this node serves Host and Port; nil: it does if it can
	// bind that address.
	IsHost *bool `json:"is_host,omitempty"`
	// Source is the batch system that told the number of nodes, for people.
	Source string `json:"source,omitempty"`
	// Credentials is the directory with the certificates and the token that all
	// nodes have (sluice certs); empty: none. Insecure allows that for others
	// than the loopback.
	Credentials string `json:"credentials,omitempty"`
	Insecure    bool   `json:"insecure,omitempty"`
	// LastCall is how long a first round waits for more than Min nodes, Lease
	// how long a silent node is taken to be alive, StoreGrace how long those
	// who lead the run may be away, CloseTimeout how long its end is told to
	// those who come late. 0 means the default.
	LastCall     Duration `json:"last_call,omitempty"`
	LastCallSet  bool     `json:"last_call_set,omitempty"`
	Lease        Duration `json:"lease,omitempty"`
	StoreGrace   Duration `json:"store_grace,omitempty"`
	CloseTimeout Duration `json:"close_timeout,omitempty"`
	// Host and Port are the address, as all nodes know it, where they meet.
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
	// LocalAddr is the address that this node tells the others; empty means
	// its host name.
	LocalAddr string `json:"local_addr,omitempty"`
	// JoinTimeout bounds the wait for all nodes; 0 means 600 s.
	JoinTimeout Duration `json:"join_timeout,omitempty"`
	// ExitBarrier bounds the wait for other nodes after success; 0 means
	// not at all when ExitBarrierSet, else 300 s.
	ExitBarrier    Duration `json:"exit_barrier,omitempty"`
	ExitBarrierSet bool     `json:"exit_barrier_set,omitempty"`
	// Heartbeat is how long a silent node is taken to be alive; 0 means 10 s.
	Heartbeat Duration `json:"heartbeat,omitempty"`
}

// DefaultExitBarrier is how long a node that has succeeded waits for the others.
const DefaultExitBarrier = 300 * time.Second

// BarrierTime is the effective ExitBarrier.
func (n Nodes) BarrierTime() time.Duration {
	if n.ExitBarrier == 0 && !n.ExitBarrierSet {
		return DefaultExitBarrier
	}
	return time.Duration(n.ExitBarrier)
}

// Several tells that there are, or may be, other nodes.
func (n Nodes) Several() bool { return n.Count > 1 || n.Elastic() }

// ParseSpan reads a number of nodes: N, or MIN:MAX with 1 <= MIN <= MAX.
func ParseSpan(s string) (low, high int, ok bool) {
	a, b, two := strings.Cut(s, ":")
	if !two {
		b = a
	}
	low, err1 := strconv.Atoi(a)
	high, err2 := strconv.Atoi(b)
	return low, high, err1 == nil && err2 == nil && low >= 1 && high >= low
}

// SharedID is the run's id that all nodes know; a run's own is random.
func (s *Spec) SharedID() string {
	switch {
	case s.Nodes.RunID != "":
		return s.Nodes.RunID
	case s.Torch != nil && s.Torch.RunID != "":
		return s.Torch.RunID
	}
	return "none"
}

// Elastic tells that nodes come and go.
func (n Nodes) Elastic() bool { return n.Max > 0 }
