package rendezvous

import (
	"bytes"
	"context"
	"fmt"
)

// put writes m into a cell unless somebody was faster, and returns what the cell
// says.
func (s *Static) put(ctx context.Context, cell string, m message) (message, error) {
	m.Version, m.Node = version, s.self
	data := encode(m)
	current, err := s.store.CompareSet(ctx, cell, nil, data)
	if err != nil {
		return message{}, err
	}
	if bytes.Equal(current, data) {
		return m, nil
	}
	return readMessage(cell, current)
}

// await waits for a cell and reads it.
func (s *Static) await(ctx context.Context, cell string) (message, error) {
	if err := s.store.Wait(ctx, cell); err != nil {
		return message{}, err
	}
	m, ok, err := s.look(ctx, cell)
	if err == nil && !ok {
		err = fmt.Errorf("key %q is gone from the store: does something else delete there?", cell)
	}
	return m, err
}

// look reads a cell that may be free.
func (s *Static) look(ctx context.Context, cell string) (message, bool, error) {
	data, ok, err := s.store.Get(ctx, cell)
	if err != nil || !ok {
		return message{}, false, err
	}
	m, err := readMessage(cell, data)
	return m, true, err
}

func readMessage(cell string, data []byte) (message, error) {
	m, err := decodeMessage(data)
	if err != nil {
		err = fmt.Errorf("reading key %q: %w", cell, err)
	}
	return m, err
}

// conclude writes m, a failure, into the first free cell from the plan of round
// on, and returns the run's last word: m, or what was said before.
func (s *Static) conclude(ctx context.Context, round int, m message) (message, error) {
	for ; ; round++ {
		last, err := s.put(ctx, s.planKey(round), m)
		if err != nil || last.Kind != formed {
			return last, err
		}
		last, err = s.put(ctx, s.verdictKey(round), m)
		if err != nil || last.Kind != Again {
			return last, err
		}
	}
}

// story reads the chain from its beginning: the last word said, and whether a
// round was ever formed.
func (s *Static) story(ctx context.Context) (last message, began bool, err error) {
	for round := 0; ; round++ {
		for _, cell := range []string{s.planKey(round), s.verdictKey(round)} {
			m, ok, err := s.look(ctx, cell)
			if err != nil || !ok {
				return last, began, err
			}
			last = m
			began = began || m.Kind == formed
			if m.terminal() {
				return last, began, nil
			}
		}
	}
}

// failure is the message that ends the run for a reason other than a worker.
func failure(node Node, text, why string) message {
	return message{Kind: Failed, Why: Clip(why), Failure: &Failure{Node: node, Rank: -1, Host: node.Name, Text: Clip(text)}}
}

// ownFailure is that of this node.
func (s *Static) ownFailure(text string) message {
	return failure(s.self, text, fmt.Sprintf("%v %s", s.self, text))
}
