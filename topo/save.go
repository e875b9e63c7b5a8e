package topo

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Save copies what Read reads of the machine below root to dir, which must not
// exist yet: a few hundred small files, from which Read tells the same machine
// anywhere else. A plain copy of /sys does not end, as its links lead in circles.
func Save(root, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("saving the machine: %w", err)
	}
	saver := &saver{FS: os.DirFS(root), dir: dir}
	m, err := read(saver, root)
	if err != nil {
		return err
	}
	// Device files become empty ones: that they are there is what counts.
	for _, g := range m.GPUs {
		if g.Dev != "" {
			saver.keep(g.Dev[1:], nil)
		}
	}
	if m.HasDev {
		saver.keep("dev/null", nil)
	}
	return saver.err
}

// saver keeps what is read through it.
type saver struct {
	fs.FS
	dir string
	err error
}

func (s *saver) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return f, nil
	}
	return &saved{File: f, s: s, name: name}, nil
}

// ReadDir keeps the names of directories, which tell something even where
// nothing in them is read.
func (s *saver) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	for _, e := range entries {
		path := filepath.Join(name, e.Name())
		if fi, err := fs.Stat(s.FS, path); err == nil && fi.IsDir() {
			s.note(os.MkdirAll(filepath.Join(s.dir, path), 0o755))
		}
	}
	return entries, err
}

func (s *saver) note(err error) {
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("saving the machine: %w", err)
	}
}

func (s *saver) keep(name string, data []byte) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	s.note(err)
}

// saved is a file whose content is kept once it has been read.
type saved struct {
	fs.File
	s    *saver
	name string
	data []byte
}

func (f *saved) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.data = append(f.data, p[:n]...)
	if err == io.EOF {
		f.s.keep(f.name, f.data)
	}
	return n, err
}
