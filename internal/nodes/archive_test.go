package nodes

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArchive(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	big := strings.Repeat("0123456789", 100_000)
	files := map[string]string{"run.json": "{}\n", "attempt_0/0/stdout.log": big, "attempt_0/0/stderr.log": "", "odd name\n/…": "x",
		strings.Repeat("d", 200) + "/" + strings.Repeat("f", 200): "long"}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(from, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(from, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Neither is of a run, and what it points to is not ours to give away.
	if err := os.Symlink("/etc/passwd", filepath.Join(from, "link")); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteArchive(&b, from); err != nil {
		t.Fatal(err)
	}
	n, size, err := ReadArchive(bytes.NewReader(b.Bytes()), to)
	if err != nil || n != len(files) || size != int64(len(big)+3+1+4) {
		t.Errorf("%d files, %d bytes, %v", n, size, err)
	}
	for name, text := range files {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != text {
			t.Errorf("%q: %d bytes, %v", name, len(got), err)
		}
	}
	err = filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if fi, err := d.Info(); path != to && (err != nil || fi.Mode().Perm() != want || d.Name() == "link") {
			t.Errorf("%s: %v, %v", path, fi.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(to, "empty")); err != nil {
		t.Error(err)
	}
	// Whatever is missing at the end is noticed, at the edge of a block as well.
	for _, cut := range []int{b.Len() - 1024, b.Len() - 512, b.Len() - 700, 512, 100, 0} {
		if _, _, err := ReadArchive(bytes.NewReader(b.Bytes()[:cut]), t.TempDir()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d of %d: %v", cut, b.Len(), err)
		}
	}
	if _, _, err := ReadArchive(&b, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over itself: %v", err)
	}
}

// A log that is written meanwhile is cut where it was; one that shrinks is told.
func TestArchiveOfWhatChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	change := func(f func()) io.Writer {
		return writerFunc(func(p []byte) (int, error) {
			f() // with the header: the size is in it
			return len(p), nil
		})
	}
	if err := WriteArchive(change(func() { appendTo(t, path) }), dir); err != nil {
		t.Errorf("growing: %v", err)
	}
	if err := WriteArchive(change(func() { os.Truncate(path, 5) }), dir); err == nil || !strings.Contains(err.Error(), "log: 5 of") {
		t.Errorf("shrinking: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func appendTo(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("more"); err != nil {
		t.Fatal(err)
	}
}

func tarOf(t testing.TB, h tar.Header, text string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h.Size = int64(len(text))
	if err := w.WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchiveStaysInside(t *testing.T) {
	for _, name := range []string{"/etc/x", "../x", "a/../../x", "a/../x", "..", ".", "", "a//b", "./a", "a\\..\\x"} {
		if p, err := inside(name); err == nil {
			t.Errorf("%q is taken for %q", name, p)
		}
	}
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeReg, Name: "../x"},
		{Typeflag: tar.TypeReg, Name: "/tmp/x"},
		{Typeflag: tar.TypeSymlink, Name: "x", Linkname: "/"},
		{Typeflag: tar.TypeLink, Name: "x", Linkname: "run.json"},
		{Typeflag: tar.TypeFifo, Name: "x"},
		{Typeflag: tar.TypeChar, Name: "x"},
	} {
		top := t.TempDir()
		to := filepath.Join(top, "to")
		if err := os.Mkdir(to, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadArchive(bytes.NewReader(tarOf(t, h, "")), to); !errors.Is(err, errArchive) {
			t.Errorf("%+v: %v", h, err)
		}
		if ents, err := os.ReadDir(to); err != nil || len(ents) > 0 {
			t.Errorf("%+v: made %v, %v", h, ents, err)
		}
	}
	// A link that is there already leads nowhere.
	to, out := t.TempDir(), t.TempDir()
	if err := os.Symlink(out, filepath.Join(to, "a")); err != nil {
		t.Fatal(err)
	}
	_, _, err := ReadArchive(bytes.NewReader(tarOf(t, tar.Header{Typeflag: tar.TypeReg, Name: "a/x"}, "text")), to)
	if ents, _ := os.ReadDir(out); err == nil || len(ents) > 0 {
		t.Errorf("%v, %v", ents, err)
	}
}

// Whatever an archive holds, nothing is made but files and directories inside.
func FuzzReadArchive(f *testing.F) {
	for _, h := range []tar.Header{{Typeflag: tar.TypeReg, Name: "a/b"}, {Typeflag: tar.TypeReg, Name: "../b"}, {Typeflag: tar.TypeReg, Name: "/b"},
		{Typeflag: tar.TypeSymlink, Name: "l", Linkname: ".."}} {
		f.Add(tarOf(f, h, ""))
	}
	f.Add([]byte("no tar"))
	f.Fuzz(func(t *testing.T, b []byte) {
		top := t.TempDir()
		to := filepath.Join(top, "to")
		if err := os.Mkdir(to, 0o700); err != nil {
			t.Fatal(err)
		}
		ReadArchive(bytes.NewReader(b), to)
		if ents, err := os.ReadDir(top); err != nil || len(ents) != 1 {
			t.Fatalf("outside: %v, %v", ents, err)
		}
		err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !d.Type().IsRegular() {
				t.Errorf("%s is %v", path, d.Type())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A path that is taken is one below a directory, whatever it is joined with.
func FuzzInside(f *testing.F) {
	for _, s := range []string{"a", "a/b/", "../a", "/a", "a/../b", "", ".", "a\x00b", "a\\b", "a//b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, err := inside(name)
		if err != nil {
			return
		}
		full := filepath.Join("/top/to", p)
		if !strings.HasPrefix(full, "/top/to/") || strings.Contains(p, "..") && !filepath.IsLocal(p) || filepath.IsAbs(p) {
			t.Fatalf("%q is taken for %q", name, full)
		}
	})
}
