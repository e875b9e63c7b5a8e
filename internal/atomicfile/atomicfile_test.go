package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	want := func(text string, mode os.FileMode) {
		t.Helper()
		got, err := os.ReadFile(path)
		fi, serr := os.Stat(path)
		if err != nil || serr != nil || string(got) != text || fi.Mode() != mode {
			t.Errorf("%q, %v, %v, %v", got, fi.Mode(), err, serr)
		}
		if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
			t.Errorf("left behind: %v", all)
		}
	}
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return err
		}
	}
	if err := Replace(path, 0o600, true, write("one", nil)); err != nil {
		t.Fatal(err)
	}
	want("one", 0o600)
	if err := Replace(path, 0o640, false, write("two", nil)); err != nil {
		t.Fatal(err)
	}
	want("two", 0o640)
	wrong := errors.New("wrong")
	if err := Replace(path, 0o600, false, write("three", wrong)); !errors.Is(err, wrong) {
		t.Error(err)
	}
	want("two", 0o640)
	if err := Replace(filepath.Join(path, "b"), 0o600, false, write("", nil)); err == nil {
		t.Error("a file in a file")
	}
	if os.Mkdir(path+"dir", 0o700) == nil && Replace(path+"dir", 0o600, false, write("", nil)) == nil {
		t.Error("a folder was replaced")
	}
	os.Remove(path + "dir")
	want("two", 0o640)
}
