package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
)

// answer is the whole count.
type answer struct {
	// words is in the order of words.
	words bucket
	total uint64
}

func newAnswer(parts []bucket) answer {
	var a answer
	for _, p := range parts {
		a.words = append(a.words, p...)
	}
	slices.SortFunc(a.words, func(x, y entry) int { return strings.Compare(x.word, y.word) })
	for _, e := range a.words {
		a.total += e.count
	}
	return a
}

// checksum names the answer: equal for equal counts of equal words.
func (a answer) checksum() string {
	h := sha256.New()
	for _, e := range a.words {
		fmt.Fprintf(h, "%s %d\n", e.word, e.count)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// print writes the n most frequent words; equally frequent ones by the
// alphabet.
func (a answer) print(w io.Writer, n int) error {
	top := slices.Clone(a.words)
	slices.SortStableFunc(top, func(x, y entry) int { return cmp.Compare(y.count, x.count) })
	top = top[:max(0, min(n, len(top)))]
	var out strings.Builder
	fmt.Fprintf(&out, "%d words, %d of them different; the top %d:\n", a.total, len(a.words), len(top))
	for _, e := range top {
		fmt.Fprintf(&out, "%8d %s\n", e.count, e.word)
	}
	_, err := io.WriteString(w, out.String())
	return err
}
