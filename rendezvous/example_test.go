package rendezvous_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/sluicerun/sluice/rendezvous"
)

// Two nodes with two and three workers meet, succeed and go.
func ExampleStatic() {
	local := rendezvous.NewLocal()
	agent := func(rank int, name string, workers int) error {
		rdzv, err := rendezvous.NewStatic(rendezvous.StaticConfig{
			Store: local.Handle(), RunID: "job", Nodes: 2,
			Self: rendezvous.Node{Name: name, Workers: workers, Rank: rank},
			Master: func(ctx context.Context, round int) (string, int, error) {
				return "10.0.0.1", 29501, nil // of a store made for this round
			},
		})
		if err != nil {
			return err
		}
		defer rdzv.Close()
		round, err := rdzv.Join(context.Background())
		if err != nil {
			return err
		}
		if rank == 1 {
			fmt.Printf("%s has ranks %d to %d of %d, master %s:%d\n", name, round.RankBase,
				round.RankBase+workers-1, round.WorldSize, round.MasterAddr, round.MasterPort)
		}
		return rdzv.Done(context.Background())
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := agent(0, "a", 2); err != nil {
			fmt.Println(err)
		}
	})
	if err := agent(1, "b", 3); err != nil {
		fmt.Println(err)
	}
	wg.Wait()
	// Output: b has ranks 2 to 4 of 5, master 10.0.0.1:29501
}
