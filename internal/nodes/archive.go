package nodes

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluicerun/sluice/internal/runs"

	"github.com/sluicerun/sluice/api"
)

// Archive answers an OpArchive on conn with the files of dir.
func Archive(conn net.Conn, dir string) {
	defer conn.Close()
	if _, err := os.Stat(dir); err != nil {
		api.Answer(conn, api.Response{Error: "reading the run's directory: " + err.Error()})
		return
	}
	api.Answer(conn, api.Response{})
	// A tar that could not be finished has no end, which its reader sees.
	WriteArchive(conn, dir)
}

// WriteArchive writes the regular files and directories below dir as a tar. A
// file that grows is cut at the size it had when its turn came; one that shrinks
// is an error.
func WriteArchive(w io.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("reading the run's directory: %w", err)
	}
	defer root.Close()
	tw := tar.NewWriter(w)
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it was there a moment ago
		case err != nil:
			return err
		case name == "." || name == runs.ReserveName:
			return nil
		case d.IsDir():
			return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o700})
		case d.Type().IsRegular():
			return addFile(tw, root, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the run's directory: %w", err)
	}
	return tw.Close()
}

func addFile(tw *tar.Writer, root *os.Root, name string) error {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: fi.Size(), Mode: 0o600, ModTime: fi.ModTime()}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if n, err := io.CopyN(tw, f, h.Size); err != nil {
		return fmt.Errorf("%s: %d of %d bytes: %w", name, n, h.Size, err)
	}
	return nil
}

// errArchive is what no archive of a run holds.
var errArchive = errors.New("the archive is not one of a run")

// ReadArchive makes what a tar of WriteArchive holds below dir, which must exist,
// and counts it. Nothing is made outside dir and nothing is written over; what is
// neither a regular file nor a directory is an error. Directories get mode 0700,
// files 0600.
func ReadArchive(r io.Reader, dir string) (files int, bytes int64, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, 0, err
	}
	defer root.Close()
	whole := &wholly{r: r}
	tr := tar.NewReader(whole)
	for {
		h, err := tr.Next()
		if err == io.EOF && !whole.ended {
			return files, bytes, nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // a tar has an end of its own
		}
		if err != nil {
			return files, bytes, fmt.Errorf("reading the archive: %w", err)
		}
		name, err := inside(h.Name)
		if err != nil {
			return files, bytes, err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o700)
		case tar.TypeReg:
			var n int64
			n, err = extract(root, name, tr)
			bytes += n
			files++
		default:
			err = fmt.Errorf("%w: %q is neither a file nor a directory", errArchive, h.Name)
		}
		if err != nil {
			return files, bytes, err
		}
	}
}

// wholly knows whether its reader has come to the end.
type wholly struct {
	r     io.Reader
	ended bool
}

func (w *wholly) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.ended = w.ended || n == 0 && err == io.EOF
	return n, err
}

func extract(root *os.Root, name string, r io.Reader) (int64, error) {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return 0, err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, r)
	return n, errors.Join(err, f.Close())
}

// inside is the path of an archive's entry below the directory it is put into.
func inside(name string) (string, error) {
	clean := strings.TrimSuffix(name, "/")
	if !fs.ValidPath(clean) || clean == "." || !filepath.IsLocal(filepath.FromSlash(clean)) || strings.ContainsAny(clean, "\\\x00") {
		return "", fmt.Errorf("%w: it has the path %q", errArchive, name)
	}
	return filepath.FromSlash(clean), nil
}
