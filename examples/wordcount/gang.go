package main

import (
	"fmt"
	"net"
	"strconv"
)

// gang is this process's place among its peers, as the launcher's environment
// tells it.
type gang struct {
	rank, size int
	// master is the host:port where rank 0 waits for the others.
	master string
}

// gangFromEnv reads the torch variables. Without WORLD_SIZE the process is
// alone: rank 0 of 1.
func gangFromEnv(getenv func(string) string) (gang, error) {
	if getenv("WORLD_SIZE") == "" {
		return gang{rank: 0, size: 1}, nil
	}
	size, err := envInt(getenv, "WORLD_SIZE", 1, 1<<16)
	if err != nil {
		return gang{}, err
	}
	rank, err := envInt(getenv, "RANK", 0, size-1)
	if err != nil {
		return gang{}, err
	}
	g := gang{rank: rank, size: size}
	if size == 1 {
		return g, nil
	}
	host := getenv("MASTER_ADDR")
	if host == "" {
		return gang{}, fmt.Errorf("reading the environment: WORLD_SIZE is %d but MASTER_ADDR is not set: start me with a launcher", size)
	}
	port, err := envInt(getenv, "MASTER_PORT", 1, 65535)
	if err != nil {
		return gang{}, err
	}
	g.master = net.JoinHostPort(host, strconv.Itoa(port))
	return g, nil
}

func envInt(getenv func(string) string, key string, low, high int) (int, error) {
	v, err := strconv.Atoi(getenv(key))
	if err != nil || v < low || v > high {
		return 0, fmt.Errorf("reading the environment: %s=%q is not a number from %d to %d", key, getenv(key), low, high)
	}
	return v, nil
}

// prev and next are the neighbours in the ring.
func (g gang) prev() int { return (g.rank - 1 + g.size) % g.size }
func (g gang) next() int { return (g.rank + 1) % g.size }

// share is the part [from, to) of total that is this rank's to count.
func (g gang) share(total int64) (from, to int64) {
	n, r := int64(g.size), int64(g.rank)
	return total/n*r + total%n*r/n, total/n*(r+1) + total%n*(r+1)/n
}
