package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// failure is a misfortune to order, so that a launcher has something real to
// explain.
type failure struct {
	rank int
	how  string
}

// failures are the ways to fail and the status that a shell gives for each.
const failures = "exit (3), panic (2), segv (139), hang"

func (f failure) check(size int) error {
	switch f.how {
	case "exit", "panic", "segv", "hang":
	default:
		return fmt.Errorf("-fail-how %s: want one of %s", f.how, failures)
	}
	if f.rank >= size {
		return fmt.Errorf("-fail-rank %d: the gang has ranks 0 to %d", f.rank, size-1)
	}
	return nil
}

// strike fails if rank is the chosen one.
func (f failure) strike(rank int, stderr io.Writer) {
	if rank != f.rank {
		return
	}
	switch f.how {
	case "exit":
		fmt.Fprintf(stderr, "wordcount: rank %d: the text is damaged (as -fail-how exit ordered)\n", rank)
		os.Exit(3)
	case "panic":
		fmt.Fprintf(stderr, "rank %d looks up a share that does not exist\n", rank)
		// In a goroutine of its own the trace is short enough to read.
		found := make(chan int)
		go lookUp(nil, rank, found)
		<-found
	case "segv":
		// The Go runtime makes a panic with status 2 of a segmentation fault. What
		// a crash in C looks like needs a process with the default action: a
		// shell in our place, same pid.
		fmt.Fprintf(stderr, "rank %d is about to touch memory that is not its own\n", rank)
		err := syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -SEGV $$"}, os.Environ())
		panic(err)
	case "hang":
		fmt.Fprintf(stderr, "rank %d falls silent\n", rank)
		for {
			time.Sleep(time.Hour)
		}
	}
}

func lookUp(shares []int, rank int, found chan<- int) { found <- shares[rank] }
