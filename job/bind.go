package job

import (
	"fmt"
	"slices"
	"strings"
)

// BindMode says which CPUs a worker gets. A worker's GPU is the one whose index
// is its local rank; package topo says what the modes mean where there is none.
type BindMode string

// The binding modes. The zero value is BindNone. Node, Socket, Exclusive and
// CoreComplex are torchrun's (--numa-binding).
const (
	BindNone        BindMode = "none"         // the CPUs that the launcher has
	BindAuto        BindMode = "auto"         // exclusive where there are cores enough, else node, else none
	BindNode        BindMode = "node"         // the NUMA node of the worker's GPU
	BindSocket      BindMode = "socket"       // the socket of the worker's GPU
	BindExclusive   BindMode = "exclusive"    // a share of that node's cores that no other GPU's worker has
	BindCoreComplex BindMode = "core-complex" // the cores of that node under one last cache, the fullest first
	BindCore        BindMode = "core"         // one physical core
	BindL3          BindMode = "l3"           // the cores of that node under one L3 cache, in the CPUs' order
	BindList        BindMode = "list"         // Lists
)

// BindMem says where a bound worker's memory comes from.
type BindMem string

// The memory policies (set_mempolicy(2)). The zero value is MemNone.
const (
	MemNone      BindMem = "none"      // the kernel's choice: the node of the CPU that touches a page first
	MemLocal     BindMem = "local"     // the nodes of the worker's CPUs and no other: a full node is out of memory
	MemPreferred BindMem = "preferred" // those nodes as long as they have some
)

// Bind is how workers are tied to CPUs and memory before they are started. The
// zero value ties them to nothing.
type Bind struct {
	Mode BindMode `json:"mode,omitempty"`
	// Lists are the CPUs of local rank 0, 1, ... for BindList, and for no other.
	Lists []CPUList `json:"lists,omitempty"`
	Mem   BindMem   `json:"mem,omitempty"`
	// Fallback starts workers unbound that cannot be bound as asked, where it
	// would else be an error.
	Fallback bool `json:"fallback,omitempty"`
	// Report tells for each worker what it was bound to.
	Report bool `json:"report,omitempty"`
}

var bindModes = []BindMode{BindNone, BindAuto, BindNode, BindSocket, BindExclusive, BindCoreComplex, BindCore, BindL3}

const bindListAllowed = "one CPU list for each local rank, separated by colons, such as 0-3:4-7"

// ParseBind reads the name of a mode or, where the text begins with a digit, one
// list of CPUs for each local rank: "0-3:4-7,12". The other fields are left
// at their zero values. Errors of lists are *SyntaxError.
func ParseBind(s string) (Bind, error) {
	text := strings.TrimSpace(s)
	switch {
	case text != "" && isDigit(text[0]):
		return parseBindLists(text)
	case text == string(BindList):
		return Bind{}, fmt.Errorf("parsing binding %q: write the lists themselves: %s", text, bindListAllowed)
	}
	mode, err := parseWord("binding", s, bindModes...)
	if err != nil {
		return Bind{}, fmt.Errorf("%w\n  or %s", err, bindListAllowed)
	}
	return Bind{Mode: mode}, nil
}

func parseBindLists(s string) (Bind, error) {
	b := Bind{Mode: BindList}
	for start := 0; start <= len(s); {
		end := len(s)
		if i := strings.IndexByte(s[start:], ':'); i >= 0 {
			end = start + i
		}
		list, err := parseCPUs("binding", bindListAllowed, s, start, end)
		if err != nil {
			return Bind{}, err
		}
		if list.IsZero() {
			return Bind{}, &SyntaxError{What: "binding", Text: s, Pos: start,
				Why: fmt.Sprintf("the list of local rank %d is empty", len(b.Lists)), Allowed: bindListAllowed}
		}
		b.Lists = append(b.Lists, list)
		start = end + 1
	}
	return b, nil
}

// IsZero tells whether the binding binds nothing and says nothing.
func (b Bind) IsZero() bool {
	return b.mode() == BindNone && len(b.Lists) == 0 && b.mem() == MemNone && !b.Fallback && !b.Report
}

// Binds tells whether workers are to be bound at all.
func (b Bind) Binds() bool { return b.mode() != BindNone }

func (b Bind) mode() BindMode { return BindMode(orDefault(b.Mode, BindNone)) }

func (b Bind) mem() BindMem { return BindMem(orDefault(b.Mem, MemNone)) }

// Validate tells the first thing that is inconsistent, as a *UsageError, or nil.
// local is the number of workers of this machine, or 0 where it is not known.
func (b Bind) Validate(local int) error {
	if e := b.check(local); e != nil {
		return e
	}
	return nil
}

func (b Bind) check(local int) *UsageError {
	mode, mem := b.mode(), b.mem()
	if mode != BindList && !slices.Contains(bindModes, mode) {
		return &UsageError{Field: "bind", Value: string(mode), Why: "there is no such binding" +
			didYouMean(string(mode), wordNames(bindModes))}
	}
	if !slices.Contains(bindMems, mem) {
		return &UsageError{Field: "bind.mem", Value: string(mem), Why: "there is no such memory policy" +
			didYouMean(string(mem), wordNames(bindMems))}
	}
	switch {
	case mode == BindList && len(b.Lists) == 0:
		return &UsageError{Field: "bind", Value: string(mode), Why: "there are no lists", Hint: "give " + bindListAllowed}
	case mode != BindList && len(b.Lists) > 0:
		return &UsageError{Field: "bind", Value: string(mode), Why: "lists of CPUs go with no other mode", Hint: "set the mode to list"}
	case mode == BindList && len(b.Lists) < local:
		return &UsageError{Field: "bind", Value: b.String(),
			Why:  fmt.Sprintf("there are %d workers and lists for %d of them", local, len(b.Lists)),
			Hint: "give " + bindListAllowed}
	case mode == BindNone && mem != MemNone:
		return &UsageError{Field: "bind.mem", Value: string(mem), Why: "workers that are not bound have no memory nodes",
			Hint: "bind them, for example to node"}
	}
	for i, l := range b.Lists {
		if l.IsZero() {
			return &UsageError{Field: "bind", Value: b.String(), Why: fmt.Sprintf("the list of local rank %d is empty", i)}
		}
	}
	return nil
}

func wordNames[T ~string](words []T) []string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	return names
}

// String is what ParseBind reads: the mode in force or the lists.
func (b Bind) String() string {
	if b.mode() != BindList {
		return string(b.mode())
	}
	texts := make([]string, len(b.Lists))
	for i, l := range b.Lists {
		texts[i] = l.String()
	}
	return strings.Join(texts, ":")
}

// Set makes a *Bind a flag value. It sets the mode and the lists alone: the
// other fields are flags of their own.
func (b *Bind) Set(text string) error {
	v, err := ParseBind(text)
	if err == nil {
		b.Mode, b.Lists = v.Mode, v.Lists
	}
	return err
}

// Type is the word that help pages show for the value.
func (*Bind) Type() string { return "binding" }

var bindMems = []BindMem{MemNone, MemLocal, MemPreferred}

// ParseBindMem reads none, local or preferred.
func ParseBindMem(s string) (BindMem, error) { return parseWord("memory policy", s, bindMems...) }

// String is the policy in force: "none" for the zero value.
func (m BindMem) String() string { return orDefault(m, MemNone) }

// Set makes a *BindMem a flag value.
func (m *BindMem) Set(text string) error { return setWord(m, text, ParseBindMem) }

// Type is the word that help pages show for the value.
func (*BindMem) Type() string { return "policy" }
