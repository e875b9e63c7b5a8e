package rendezvous_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/rendezvous"
	"github.com/sluicerun/sluice/rendezvous/storetest"
	"github.com/sluicerun/sluice/tcpstore"
)

// serve starts a store on this machine.
func serve(t *testing.T) *tcpstore.Server {
	t.Helper()
	server, err := tcpstore.Listen(tcpstore.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func dial(t *testing.T, server *tcpstore.Server) rendezvous.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client, err := tcpstore.Dial(ctx, "127.0.0.1:"+strconv.Itoa(server.Port()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestTCPStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() rendezvous.Store {
		server := serve(t)
		return func() rendezvous.Store { return dial(t, server) }
	})
}

// overTCP has nodes meet over a real network; f is the life of each after that.
// The server goes the moment that node 0 has closed.
func overTCP(t *testing.T, nodes int, f func(context.Context, *rendezvous.Static, rendezvous.Round) error) []error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	server := serve(t)
	errs := make([]error, nodes)
	back := make(chan int)
	for rank := range nodes {
		s, err := rendezvous.NewStatic(rendezvous.StaticConfig{
			Store: dial(t, server), RunID: "job", Nodes: nodes,
			Self: rendezvous.Node{Name: "host" + strconv.Itoa(rank), Workers: 2, Rank: rank},
			Master: func(context.Context, int) (string, int, error) {
				fresh := serve(t)
				return "127.0.0.1", fresh.Port(), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer func() { back <- rank }()
			r, err := s.Join(ctx)
			if err == nil && (r.RankBase != 2*rank || r.WorldSize != 2*nodes || r.MasterPort == server.Port()) {
				err = fmt.Errorf("node %d met in %+v", rank, r)
			}
			if err == nil {
				err = f(ctx, s, r)
			}
			errs[rank] = err
			_ = s.Close()
			if rank == 0 {
				_ = server.Close()
			}
		}()
	}
	for range nodes {
		<-back
	}
	return errs
}

// A restart and a success over the network. That the server goes as soon as node 0
// has closed turns nobody's success into a lost connection.
func TestStaticOverTCP(t *testing.T) {
	for range 5 {
		for rank, err := range overTCP(t, 4, func(ctx context.Context, s *rendezvous.Static, r rendezvous.Round) error {
			if r.GroupRank == 2 {
				if err := s.Again(ctx, "a worker was killed"); err != nil {
					return err
				}
			} else if ch := <-s.Changes(); ch.Kind != rendezvous.Again || ch.Node.Rank != 2 {
				return fmt.Errorf("told %+v", ch)
			}
			second, err := s.Join(ctx)
			if err != nil || second.Number != 1 || second.Restarts != 1 || second.MasterPort == r.MasterPort {
				return fmt.Errorf("met in %+v (%v)", second, err)
			}
			return s.Done(ctx)
		}) {
			if err != nil {
				t.Errorf("node %d: %v", rank, err)
			}
		}
	}
}

// All hear of a failure, although the server goes right after it.
func TestFailureOverTCP(t *testing.T) {
	for rank, err := range overTCP(t, 3, func(ctx context.Context, s *rendezvous.Static, r rendezvous.Round) error {
		if r.GroupRank == 0 {
			if err := s.Fail(ctx, rendezvous.Failure{Rank: 1, Text: "exit status 3"}); err != nil {
				return err
			}
		}
		if ch := <-s.Changes(); ch.Kind != rendezvous.Failed || ch.Failure.Rank != 1 || ch.Failure.Host != "host0" {
			return fmt.Errorf("told %+v", ch)
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("node %d: %v", rank, err)
		}
	}
}

// When the machine of node 0 is gone, the others know at once.
func TestServerGone(t *testing.T) {
	server := serve(t)
	seats := make([]*rendezvous.Static, 2)
	back := make(chan error)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for rank := range seats {
		s, err := rendezvous.NewStatic(rendezvous.StaticConfig{
			Store: dial(t, server), RunID: "job", Nodes: 2,
			Self:             rendezvous.Node{Name: "n", Workers: 1, Rank: rank},
			Master:           func(context.Context, int) (string, int, error) { return "n", 1, nil },
			HeartbeatTimeout: time.Hour, // it is not the heart that notices
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		seats[rank] = s
		go func() { _, err := s.Join(ctx); back <- err }()
	}
	for range seats {
		if err := <-back; err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	for rank, s := range seats {
		select {
		case ch := <-s.Changes():
			if ch.Kind != rendezvous.Lost || !strings.Contains(ch.Why, `the store of run "job" is lost`) {
				t.Errorf("node %d is told %+v", rank, ch)
			}
		case <-ctx.Done():
			t.Fatalf("node %d is told nothing", rank)
		}
	}
}
