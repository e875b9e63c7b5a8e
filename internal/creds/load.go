package creds

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// maxFile is more than a long chain of certificates has, in bytes.
const maxFile = 1 << 20

// Load reads what Make wrote, or what somebody else's CA issued under the same names.
// A token may be missing where the others are there, and a token alone is enough: then
// connections are not encrypted.
func Load(dir string) (*Creds, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("reading credentials: %w\n  %s", err, remedy)
	}
	return load(dir, os.DirFS(dir))
}

// load reads credentials from fsys, which people know as dir.
func load(dir string, fsys fs.FS) (*Creds, error) {
	files := map[string][]byte{}
	for _, name := range names {
		data, err := readFile(fsys, name, name == keyFile || name == tokenFile)
		var open *openError
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case errors.As(err, &open):
			path := filepath.Join(dir, name)
			return nil, fmt.Errorf("%s may be read by others (its mode is %04o)\n  forbid it: chmod 600 %s\n  if others may have read it: %s", path, open.mode, path, remedy)
		case err != nil:
			return nil, fmt.Errorf("reading credentials in %s: %w", dir, err)
		default:
			files[name] = data
		}
	}
	return parse(dir, files, time.Now())
}

// openError is the mode of a secret file that others may read.
type openError struct{ mode fs.FileMode }

func (e *openError) Error() string { return "others may read it" }

func readFile(fsys fs.FS, name string, secret bool) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	case secret && info.Mode().Perm()&forbidden(info, os.Geteuid()) != 0:
		return nil, &openError{info.Mode().Perm()}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return data, err
}

// forbidden are the permissions that a secret file must not have for user euid. One that root owns
// may be shared with a group, as PostgreSQL has it: so a secret of Kubernetes comes to
// a user who is not root.
func forbidden(info fs.FileInfo, euid int) fs.FileMode {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == 0 && euid != 0 {
		return 0o037
	}
	return 0o077
}
