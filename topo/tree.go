package topo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluicerun/sluice/job"
)

// maxFile bounds what is read of one file. The longest honest one is
// /proc/cpuinfo, of which the beginning is enough.
const maxFile = 1 << 20

// tree reads the files of fsys, which is what lies below root. What cannot be read is noted in missing; the
// first file that makes no sense is kept in err, and reading goes on, so that
// readers need not look after each file.
type tree struct {
	fsys    fs.FS
	root    string // for messages
	missing []Missing
	seen    map[string]int // by path without its numbers: the place in missing
	err     error
}

func (t *tree) path(path string) string { return filepath.Join(t.root, path) }

// note keeps why a file could not be read. A machine has as many of some files
// as it has CPUs: those are counted.
func (t *tree) note(path, reason string) {
	shape := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, path) + "\x00" + reason
	if i, ok := t.seen[shape]; ok {
		t.missing[i].More++
		return
	}
	if t.seen == nil {
		t.seen = map[string]int{}
	}
	t.seen[shape] = len(t.missing)
	t.missing = append(t.missing, Missing{Path: t.path(path), Reason: reason})
}

// bad keeps that a file makes no sense.
func (t *tree) bad(path string, err error) {
	if t.err == nil {
		t.err = fmt.Errorf("reading the machine: %s: %w", t.path(path), err)
	}
}

// has tells whether there is such a file, for those that need not be.
func (t *tree) has(path string) bool {
	_, err := fs.Stat(t.fsys, path)
	return err == nil
}

// text is a file's content without the white space at its ends.
func (t *tree) text(path string) (string, bool) {
	data, err := readFile(t.fsys, path)
	if err != nil {
		t.note(path, reasonOf(err))
		return "", false
	}
	return strings.TrimSpace(string(data)), true
}

func readFile(fsys fs.FS, path string) ([]byte, error) {
	// A pipe in a tree that somebody handed us would block the open.
	if fi, err := fs.Stat(fsys, path); err != nil {
		return nil, err
	} else if !fi.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// reasonOf leaves out the path, which stands beside the reason.
func reasonOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return err.Error()
}

// parsed is a file as parse understands it. ok is false where it cannot be read
// or makes no sense.
func parsed[T any](t *tree, path string, parse func(string) (T, error)) (v T, ok bool) {
	text, ok := t.text(path)
	if !ok {
		return v, false
	}
	v, err := parse(text)
	if err != nil {
		t.bad(path, err)
		return v, false
	}
	return v, true
}

// number is a file that holds one number, or otherwise a substitute.
func (t *tree) number(path string, otherwise int) int {
	if n, ok := parsed(t, path, parseInt); ok {
		return n
	}
	return otherwise
}

// list is a file that holds a CPU list (or a list of nodes, which looks alike).
func (t *tree) list(path string) (job.CPUList, bool) { return parsed(t, path, job.ParseCPUList) }

// entries are the names in a directory; one that cannot be read has none.
func (t *tree) entries(dir string) []string {
	all, err := fs.ReadDir(t.fsys, dir)
	if err != nil {
		t.note(dir, reasonOf(err))
		return nil
	}
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name()
	}
	return names
}

// numbered are the numbers n of the entries of a directory that are called
// prefix and n, ascending.
func (t *tree) numbered(dir, prefix string) []int {
	var out []int
	for _, name := range t.entries(dir) {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || rest == "" || strings.Trim(rest, "0123456789") != "" {
			continue
		}
		if n, err := parseInt(rest); err == nil && n <= job.MaxCPU {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, cmp.Compare[int])
	return slices.Compact(out)
}
