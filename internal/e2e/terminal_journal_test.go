//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// said is what one source wrote into a terminal without another in between.
type said struct{ source, bytes string }

// journal reads stdin.log along the SOURCE lines and sizes of timing. What one
// source wrote in a row is one; the process numbers behind the sources are left
// out. What was kept secret is "(SECRET)" or "(HIDDEN)".
func (w *world) journal(run string) []said {
	w.t.Helper()
	dir := w.dirOf(run)
	input := w.read(filepath.Join(dir, "stdin.log"))
	var all []said
	source := ""
	for line := range strings.Lines(w.read(filepath.Join(dir, "timing"))) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		switch {
		case len(f) == 4 && f[0] == "H" && f[2] == "SOURCE":
			source, _, _ = strings.Cut(f[3], "@")
		case len(f) == 4 && f[0] == "H" && (f[2] == "SECRET" || f[2] == "HIDDEN"):
			from, _, _ := strings.Cut(f[3], "@")
			if s := (said{from, "(" + f[2] + ")"}); len(all) == 0 || all[len(all)-1] != s {
				all = append(all, s)
			}
		case len(f) == 3 && f[0] == "I":
			var n int
			fmt.Sscan(f[2], &n)
			if n > len(input) {
				w.t.Fatalf("timing tells of %d bytes more than stdin.log has", n-len(input))
			}
			if k := len(all) - 1; k >= 0 && all[k].source == source && all[k].bytes[0] != '(' {
				all[k].bytes += input[:n]
			} else {
				all = append(all, said{source, input[:n]})
			}
			input = input[n:]
		}
	}
	if input != "" {
		w.t.Errorf("stdin.log has %q that timing does not tell of", input)
	}
	return all
}

// dirOf is where the logs of RUN's rank 0 are.
func (w *world) dirOf(run string) string {
	w.t.Helper()
	for _, rec := range w.ps() {
		if rec.ID == run || rec.Name == run {
			return filepath.Join(rec.Dir, "attempt_0", "0")
		}
	}
	w.t.Fatalf("there is no run %s", run)
	return ""
}

func (w *world) read(path string) string {
	w.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// holders lists the files below dir that hold text.
func holders(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
