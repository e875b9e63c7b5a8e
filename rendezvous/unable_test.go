package rendezvous

import (
	"context"
	"testing"
	"time"
)

// Whichever node cannot take part, the others hear it when they come, and node 0,
// whose store it is, stays until they have.
func TestUnable(t *testing.T) {
	for who := range 3 {
		bubble(t, 3, func(c *cluster) {
			told := make(chan error, 1)
			go func() {
				ctx, stop := context.WithTimeout(c.Context(), time.Minute)
				defer stop()
				err := c.seats[who].Unable(ctx, Failure{Text: "there is no such program"})
				told <- err
			}()
			time.Sleep(20 * time.Second)
			if (len(told) > 0) != (who != 0) {
				c.Errorf("node %d: %d have returned", who, len(told))
			}
			for rank, s := range c.seats {
				if rank != who {
					_, err := s.Join(c.soon())
					c.culprit(err, who)
				}
			}
			c.ok(<-told)
		})
	}
}

// The others may never come.
func TestUnableAlone(t *testing.T) {
	bubble(t, 2, func(c *cluster) {
		ctx, stop := context.WithTimeout(c.Context(), 30*time.Second)
		defer stop()
		c.ok(c.seats[0].Unable(ctx, Failure{Text: "there is no such program"}))
	})
}
