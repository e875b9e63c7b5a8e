package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sluicerun/sluice/bench/result"
)

// perNode is how many workers each node of restart has.
const perNode = 2

// restart measures how long real nodes, all on this machine, take to start again:
// from the failure of a worker on one to the first instruction of the last worker
// of the next round on the others.
func (m *measurement) restart(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "nodes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []time.Duration
	for i := range m.rounds {
		took, err := m.again(ctx, filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
		all = append(all, took)
	}
	return m.tell(fmt.Sprintf("%d nodes of %d workers, a failure to the last start on another node", m.agents, perNode), spread(all), "",
		result.Median(all).Seconds()*1e3, "%.0f ms")
}

// again has the gang fail and start again once, in directories below dir.
func (m *measurement) again(ctx context.Context, dir string) (time.Duration, error) {
	at, err := freeAddr()
	if err != nil {
		return 0, err
	}
	// The command is the same on all nodes and names its file by a relative path,
	// so each node has stamps of its own. Rank 0 waits for the workers of all nodes
	// to come, so the file that counts them is one.
	homes := make([]string, m.agents)
	for i := range homes {
		homes[i] = filepath.Join(dir, strconv.Itoa(i))
		if err := os.MkdirAll(homes[i], 0o700); err != nil {
			return 0, err
		}
		count := filepath.Join(homes[i], "stamps.here")
		if i == 0 {
			err = os.WriteFile(count, nil, 0o600)
		} else {
			err = os.Link(filepath.Join(homes[0], "stamps.here"), count)
		}
		if err != nil {
			return 0, err
		}
	}
	err = each(m.agents, func(i int) error {
		return m.node(ctx, homes[i], at, "-n", strconv.Itoa(perNode), "--restarts", "1", "--",
			m.stamp, "stamps", "gang", strconv.Itoa(m.agents*perNode))
	})
	if err != nil {
		return 0, err
	}
	files := make([][]byte, m.agents)
	for i, home := range homes {
		if files[i], err = os.ReadFile(filepath.Join(home, "stamps")); err != nil {
			return 0, err
		}
	}
	return acrossNodes(files)
}

// acrossNodes is the time from the failure to the last start on a node where
// nothing failed. Each file has the stamps of one node: one for each worker that
// started again, and on one node another before them, of the one that failed.
func acrossNodes(files [][]byte) (time.Duration, error) {
	var failure, last time.Duration
	for i, data := range files {
		var stamps []time.Duration
		for _, f := range bytes.Fields(data) {
			n, err := strconv.ParseInt(string(f), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading the stamps of node %d: %w", i, err)
			}
			stamps = append(stamps, time.Duration(n))
		}
		switch {
		case len(stamps) == perNode+1 && failure == 0:
			failure = stamps[0]
		case len(stamps) == perNode:
			for _, s := range stamps {
				last = max(last, s)
			}
		default:
			return 0, fmt.Errorf("node %d has %d stamps, want %d, and one more on one node: %q", i, len(stamps), perNode, data)
		}
	}
	if failure == 0 || last <= failure {
		return 0, fmt.Errorf("no failure before the last start: %q", files)
	}
	return last - failure, nil
}
