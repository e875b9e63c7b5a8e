package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
)

// entry is one word and how often it was seen.
type entry struct {
	word  string
	count uint64
}

// bucket is a part of the vocabulary, in the order of words, each word once.
type bucket []entry

// buckets deals counts out to n buckets by the words' hash: every rank must put
// a word into the same one.
func buckets(counts map[string]uint64, n int) []bucket {
	out := make([]bucket, n)
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		h := fnv.New32a()
		h.Write([]byte(word))
		i := int(h.Sum32() % uint32(n))
		out[i] = append(out[i], entry{word, counts[word]})
	}
	return out
}

// merge adds two buckets up.
func merge(a, b bucket) bucket {
	out := make(bucket, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].word, b[0].word); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, entry{a[0].word, a[0].count + b[0].count})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// encode is the bucket on the wire: for each entry the word's length, the word
// and its count, the numbers as uvarints.
func (b bucket) encode() []byte {
	var out []byte
	for _, e := range b {
		out = binary.AppendUvarint(out, uint64(len(e.word)))
		out = append(out, e.word...)
		out = binary.AppendUvarint(out, e.count)
	}
	return out
}

var errShort = errors.New("it ends in the middle of an entry")

// decodeBucket is the inverse of encode. It refuses what encode cannot have
// written: words out of order, a count of nothing.
func decodeBucket(data []byte) (bucket, error) {
	var out bucket
	for i := 0; len(data) > 0; i++ {
		e, rest, err := decodeEntry(data)
		if err == nil && i > 0 && out[i-1].word >= e.word {
			err = fmt.Errorf("%q comes after %q", e.word, out[i-1].word)
		}
		if err != nil {
			return nil, fmt.Errorf("decoding entry %d of a bucket: %w", i, err)
		}
		out, data = append(out, e), rest
	}
	return out, nil
}

func decodeEntry(data []byte) (entry, []byte, error) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return entry{}, nil, errShort
	}
	word := string(data[n : n+int(length)])
	data = data[n+int(length):]
	count, n := binary.Uvarint(data)
	if n <= 0 {
		return entry{}, nil, errShort
	}
	if word == "" || count == 0 || count > math.MaxInt64 {
		return entry{}, nil, fmt.Errorf("%q was counted %d times", word, count)
	}
	return entry{word, count}, data[n:], nil
}
