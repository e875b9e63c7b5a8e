package cast

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// openScript opens a typescript and the files that belong to it.
func (r *Reader) openScript(in *input, path string, o ReadOptions) error {
	timing, err := r.openTiming(path, o)
	if err != nil {
		return err
	}
	if timing == nil {
		if o.Format != 0 {
			return errors.New("its timing file is not there: neither FILE.timing nor FILE.tm nor timing beside it")
		}
		r.warn.add(0, "it has no times: the typescript's timing file is not beside it (FILE.timing, FILE.tm or timing)")
		r.openRaw(in)
		return nil
	}
	line, _, err := in.line()
	if err == io.EOF {
		return errors.New("it is empty")
	} else if err != nil {
		return err
	}
	h := typescriptHeader(line)
	s := &scriptSource{rest: rest{in: in, typescript: true}, timing: newInput(timing), lenient: o.Lenient, warn: r.warn}
	if err := s.open(&h); err != nil {
		return fmt.Errorf("the timing file: %w", err)
	}
	s.input = in
	if err := r.openInput(s, path, o); err != nil {
		return err
	}
	r.header, r.src, r.format = h, s, Script
	if s.classic {
		r.format = ScriptClassic
	}
	return nil
}

// openTiming opens the timing file, nil if there is none.
func (r *Reader) openTiming(path string, o ReadOptions) (io.Reader, error) {
	names := []string{o.Timing}
	if o.Timing == "" {
		if path == "" {
			return nil, nil
		}
		names = []string{path + ".timing", path + ".tm", filepath.Join(filepath.Dir(path), "timing")}
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			if o.Timing == "" && os.IsNotExist(err) {
				continue
			}
			return nil, fmt.Errorf("its timing file: %w", err)
		}
		r.files = append(r.files, f)
		return f, nil
	}
	return nil, nil
}

// openInput opens the file of what was typed, if that is another one than the
// typescript. The timing file has its name, as it was when it was written.
func (r *Reader) openInput(s *scriptSource, path string, o ReadOptions) error {
	name := o.Input
	if name == "" {
		if s.inputName == "" || s.inputName == s.outputName {
			return nil
		}
		name = filepath.Join(filepath.Dir(path), filepath.Base(s.inputName))
		if path == "" {
			s.input = nil
			return nil
		}
	}
	if same(name, path) {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		s.input = nil
		if o.Input == "" && os.IsNotExist(err) {
			return nil // a warning comes with the first that was typed
		}
		return fmt.Errorf("the file of what was typed: %w", err)
	}
	r.files = append(r.files, f)
	s.input = newInput(f)
	if _, _, err := s.input.line(); err != nil && err != io.EOF {
		return fmt.Errorf("the file of what was typed: %w", err)
	}
	return nil
}

func same(a, b string) bool {
	st, err := os.Stat(a)
	st2, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(st, st2)
}
