// Command wordcount is a small distributed program for trying sluice on: each
// rank counts the words in its share of a text, a ring all-reduce adds the
// counts up, and rank 0 prints the most frequent words.
//
//	sluice run -n 4 -- wordcount examples/wordcount/texts
//	sluice run -n 4 -- wordcount -fail-rank 2 -fail-how panic examples/wordcount/texts
//
// It learns its place from RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT and uses
// the standard library only. Without WORLD_SIZE it counts alone, with the same
// answer. The exit status is 0, 1 for an error and 2 for a wrong command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

type options struct {
	top     int
	pace    time.Duration
	patient time.Duration
	linger  time.Duration
	failure failure
	text    string
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("wordcount", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "usage: wordcount [flags] TEXT   (a file or a directory of files)")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.top, "top", 10, "show this many `words`")
	fs.DurationVar(&o.pace, "pace", 0, "rest this `long` after each quarter of the share")
	fs.DurationVar(&o.patient, "rendezvous-timeout", 30*time.Second, "wait this `long` for the other ranks")
	fs.DurationVar(&o.linger, "linger", 10*time.Second, "after losing a rank, wait this `long` to be stopped by the launcher")
	fs.IntVar(&o.failure.rank, "fail-rank", -1, "this `rank` fails half way")
	fs.StringVar(&o.failure.how, "fail-how", "exit", "the `way` it fails: "+failures)
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() != 1 {
		fs.Usage()
		return o, errors.New("want one TEXT")
	}
	o.text = fs.Arg(0)
	return o, nil
}

func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	g, err := gangFromEnv(getenv)
	if err == nil {
		err = o.failure.check(g.size)
	}
	if err != nil {
		fmt.Fprintf(stderr, "wordcount: %v\n", err)
		return 2
	}
	err = work(o, g, stdout, stderr)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "wordcount: rank %d: %v\n", g.rank, err)
	var lost *lostPeer
	if errors.As(err, &lost) {
		// The rank that went away is the failure; whoever started the gang is
		// about to stop the rest of it. Failing as well would only add noise.
		time.Sleep(o.linger)
	}
	return 1
}

// work is the whole job of one rank.
func work(o options, g gang, stdout, stderr io.Writer) error {
	text, err := openCorpus(o.text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.patient)
	defer cancel()
	links, err := meet(ctx, g)
	if err != nil {
		return err
	}
	defer links.close()
	if g.size > 1 {
		fmt.Fprintf(stderr, "ring of %d closed: receiving from rank %d, sending to rank %d\n", g.size, g.prev(), g.next())
	}
	counts, err := count(o, g, text, stdout, stderr)
	if err != nil {
		return err
	}
	parts := buckets(counts, g.size)
	if err := links.allReduce(parts); err != nil {
		return err
	}
	a := newAnswer(parts)
	if g.rank == 0 {
		if err := a.print(stdout, o.top); err != nil {
			return fmt.Errorf("printing the answer: %w", err)
		}
	}
	// Every rank has the whole answer; that all say the same is the proof.
	_, err = fmt.Fprintf(stdout, "checksum %s\n", a.checksum())
	return err
}

// count counts this rank's share, a quarter at a time.
func count(o options, g gang, text corpus, stdout, stderr io.Writer) (map[string]uint64, error) {
	const quarters = 4
	counts := map[string]uint64{}
	var total uint64
	from, to := g.share(text.size)
	fmt.Fprintf(stderr, "counting bytes %d to %d of %d\n", from, to, text.size)
	for q := range int64(quarters) {
		lo, hi := from+(to-from)*q/quarters, from+(to-from)*(q+1)/quarters
		err := text.words(lo, hi, func(w []byte) {
			counts[string(w)]++
			total++
		})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(stdout, "%3d%% counted, %d words, %d different\n", 100*(q+1)/quarters, total, len(counts))
		if q+1 == quarters/2 {
			o.failure.strike(g.rank, stderr)
		}
		time.Sleep(o.pace)
	}
	return counts, nil
}
