package tcpstore

import (
	"fmt"
	"testing"
)

// One SET, confirmed, and one GET: two round trips.
func BenchmarkSetGet(b *testing.B) {
	for _, size := range []int{8, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c, ctx, value := connect(b, listen(b, Options{})), b.Context(), make([]byte, size)
			b.SetBytes(int64(2 * size))
			for b.Loop() {
				if err := c.Set(ctx, "k", value); err != nil {
					b.Fatal(err)
				}
				if _, ok, err := c.Get(ctx, "k"); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// Round trips of many connections at once.
func BenchmarkAddParallel(b *testing.B) {
	s := listen(b, Options{})
	b.RunParallel(func(pb *testing.PB) {
		c, err := Dial(b.Context(), s.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		for pb.Next() {
			if _, err := c.Add(b.Context(), "n", 1); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
