package rendezvous

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// version is that of the protocol: of keys, values and who writes them. A node of
// another version is refused.
const version = 1

// The kinds that only the store sees.
const (
	formed Kind = "formed" // a plan
	done   Kind = "done"   // all have succeeded
)

const (
	maxNodes   = 1 << 16
	maxWorkers = 1 << 20 // of one node
	maxText    = 16 << 10
	maxRunID   = 1024 // TCPStore takes keys of 8 KiB
)

// fence is what all nodes of a run must agree about. Generation tells two lives
// of the same run id apart, should the store be replaced by a new one.
type fence struct {
	Version    int           `json:"version"`
	Run        string        `json:"run"`
	Nodes      int           `json:"nodes"`
	Heartbeat  time.Duration `json:"heartbeat_ns"`
	Generation string        `json:"generation"`
}

// claim says who has a node rank. ID tells two agents with equal words apart.
type claim struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	Node    Node   `json:"node"`
}

// message is the value of a cell: a plan or a verdict.
type message struct {
	Version    int      `json:"version"`
	Kind       Kind     `json:"kind"`
	Node       Node     `json:"node"` // who says it
	Why        string   `json:"why,omitempty"`
	Failure    *Failure `json:"failure,omitempty"`
	Restarts   int      `json:"restarts"`
	Nodes      []Node   `json:"nodes,omitempty"`
	MasterAddr string   `json:"master_addr,omitempty"`
	MasterPort int      `json:"master_port,omitempty"`
}

// terminal tells whether the run is over with it.
func (m message) terminal() bool { return m.Kind == Failed || m.Kind == done }

// change is the message for the agent.
func (m message) change() Change {
	return Change{Kind: m.Kind, Node: m.Node, Why: m.Why, Failure: m.Failure, Restarts: m.Restarts}
}

// encode writes a value. Our own types always have a JSON form.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// decode reads a value that names its version, which is looked at first: the rest
// may look quite different in another one.
func decode(data []byte, v any) error {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Version == nil {
		return fmt.Errorf("%.60q was not written by a sluice agent: is the store used by something else as well?", data)
	}
	if *head.Version != version {
		return fmt.Errorf("it speaks version %d of the rendezvous and this node version %d: run the same sluice on all nodes", *head.Version, version)
	}
	return json.Unmarshal(data, v)
}

func decodeFence(data []byte) (f fence, err error) {
	err = decode(data, &f)
	if err == nil && (f.Nodes < 1 || f.Nodes > maxNodes || f.Generation == "" || len(f.Generation) > 64) {
		err = fmt.Errorf("%.120q names no number of nodes or no generation", data)
	}
	return f, err
}

func decodeClaim(data []byte) (c claim, err error) {
	err = decode(data, &c)
	if err == nil {
		err = c.Node.check()
	}
	return c, err
}

func decodeMessage(data []byte) (m message, err error) {
	if err = decode(data, &m); err != nil {
		return m, err
	}
	switch {
	case m.Restarts < 0:
		err = fmt.Errorf("%d restarts", m.Restarts)
	case m.Kind == formed && len(m.Nodes) == 0:
		err = fmt.Errorf("a plan without nodes")
	case m.Kind == formed && (m.MasterPort < 0 || m.MasterPort > 65535):
		err = fmt.Errorf("a plan with master port %d", m.MasterPort)
	case m.Kind == formed:
		for i, n := range m.Nodes {
			if err = n.check(); err == nil && n.Rank != i {
				err = fmt.Errorf("a plan with %v in place %d", n, i)
			}
			if err != nil {
				break
			}
		}
	case m.Kind == Failed && m.Failure == nil:
		err = fmt.Errorf("a failure without its reason")
	case m.Kind != Again && m.Kind != Failed && m.Kind != done:
		err = fmt.Errorf("a message of kind %.40q", m.Kind)
	}
	return m, err
}

// check refuses what no node can be.
func (n Node) check() error {
	switch {
	case n.Workers < 1 || n.Workers > maxWorkers:
		return fmt.Errorf("%v has %d workers: 1 to %d are possible", n, n.Workers, maxWorkers)
	case n.Rank < 0 || n.Rank >= maxNodes:
		return fmt.Errorf("node rank %d is not in 0 to %d", n.Rank, maxNodes-1)
	}
	return nil
}

// Clip bounds a text that goes into the store, at a rune's edge. Bytes that are
// no UTF-8 would change on their way through JSON.
func Clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s... (%d bytes more)", s[:n], len(s)-n)
}
