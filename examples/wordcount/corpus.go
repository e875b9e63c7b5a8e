package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// corpus is a list of files seen as one long text. A word never goes from one
// file into the next.
type corpus struct {
	files []textFile
	size  int64
}

type textFile struct {
	path string
	// start is the file's first byte in the corpus.
	start, size int64
}

// openCorpus lists path, a file or a directory of files, in the order of names:
// every rank must see the same order.
func openCorpus(path string) (corpus, error) {
	info, err := os.Stat(path)
	if err != nil {
		return corpus{}, fmt.Errorf("opening the text: %w", err)
	}
	paths := []string{path}
	if info.IsDir() {
		if paths, err = regularFiles(path); err != nil {
			return corpus{}, fmt.Errorf("opening the text: %w", err)
		}
	}
	var c corpus
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return corpus{}, fmt.Errorf("opening the text: %w", err)
		}
		c.files = append(c.files, textFile{path: p, start: c.size, size: info.Size()})
		c.size += info.Size()
	}
	if c.size == 0 {
		return corpus{}, fmt.Errorf("opening the text: %s holds nothing to count", path)
	}
	return c, nil
}

func regularFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// words calls emit for every word whose first byte lies in [from, to). The
// slice is only valid during the call.
func (c corpus) words(from, to int64, emit func([]byte)) error {
	for _, f := range c.files {
		lo, hi := max(from-f.start, 0), min(to-f.start, f.size)
		if lo >= hi {
			continue
		}
		if err := f.words(lo, hi, emit); err != nil {
			return fmt.Errorf("counting bytes %d to %d of %s: %w", lo, hi, f.path, err)
		}
	}
	return nil
}

func (f textFile) words(from, to int64, emit func([]byte)) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	return scanWords(file, f.size, from, to, emit)
}

// scanWords finds the words of r that begin in [from, to). A word across from
// belongs to whoever owns its first byte; a word across to is read to its end.
func scanWords(r io.ReaderAt, size, from, to int64, emit func([]byte)) error {
	skipping := false
	if from > 0 {
		var before [1]byte
		if _, err := r.ReadAt(before[:], from-1); err != nil {
			return err
		}
		skipping = isWordByte(before[0])
	}
	in := bufio.NewReader(io.NewSectionReader(r, from, size-from))
	var word []byte
	flush := func() {
		if w := trimApostrophes(word); len(w) > 0 {
			emit(w)
		}
		word = word[:0]
	}
	for pos := from; ; pos++ {
		b, err := in.ReadByte()
		if err != nil && err != io.EOF {
			return err
		}
		inWord := err == nil && isWordByte(b)
		switch {
		case skipping:
			skipping = inWord
		case inWord && (pos < to || len(word) > 0):
			word = append(word, lower(b))
		case len(word) > 0:
			flush()
		}
		if err == io.EOF || pos >= to && len(word) == 0 {
			return nil
		}
	}
}

// isWordByte takes all bytes of multi-byte UTF-8 characters for letters, so
// that no character is ever cut.
func isWordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '\'' || b >= 0x80
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func trimApostrophes(w []byte) []byte {
	for len(w) > 0 && w[0] == '\'' {
		w = w[1:]
	}
	for len(w) > 0 && w[len(w)-1] == '\'' {
		w = w[:len(w)-1]
	}
	return w
}
