package redirect

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUnknownStream(t *testing.T) {
	for _, name := range []string{"", "stdin", "STDOUT", "stdout ", "out", "1"} {
		path := filepath.Join(t.TempDir(), "x.log")
		r, err := Stream(name, path)
		if r != nil || !errors.Is(err, ErrUnknownStream) {
			t.Fatalf("Stream(%q) = %v, %v", name, r, err)
		}
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "stdout or stderr") {
			t.Errorf("Stream(%q): %v does not say what was wanted", name, err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("Stream(%q) made the file: %v", name, err)
		}
	}
}

func TestOptions(t *testing.T) {
	if got := collect(nil); got.Perm != 0o666 || got.Append || got.Tee {
		t.Errorf("defaults: %+v", got)
	}
	mine := Options{Append: true, Perm: 0o600}
	got := collect([]Option{Tee, func(o *Options) { *o = mine }, Perm(0o640)})
	if got.Tee || !got.Append || got.Perm != 0o640 {
		t.Errorf("options are not applied in order: %+v", got)
	}
}
