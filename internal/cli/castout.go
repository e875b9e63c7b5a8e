package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/internal/atomicfile"
)

// castOut is where a recording goes that a command has made of others.
type castOut struct {
	file      string
	to        string
	overwrite bool
	inPlace   bool
}

func (o *castOut) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.file, "output", "o", "", "write to `FILE` (default: standard output)")
	f.StringVar(&o.to, "to", "", "write it in this `FORMAT`: v2, v3, v1, script, script-classic, ttyrec, raw (default: by FILE's name, else as it was)")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace FILE if it is there")
}

func (o *castOut) addInPlace(f *pflag.FlagSet) {
	f.BoolVarP(&o.inPlace, "in-place", "w", false, "put the result in the place of the recording itself")
}

// write writes a recording. from is what it was made of, and in how that is read.
func (o *castOut) write(a *app, in *castIn, from *tape, h cast.Header, events cast.Events) error {
	format, err := o.format(from)
	if err != nil {
		return err
	}
	switch {
	case o.inPlace:
		return o.replace(from, format, h, events)
	case o.file == "" || o.file == "-":
		if format == cast.Script || format == cast.ScriptClassic {
			return usagef("a typescript has two files: say where with -o FILE")
		}
		if isTerminalWriter(a.stdout) && (format == cast.Raw || format == cast.TTYRec) {
			return usagef("what is recorded would be shown by this terminal: say where to with -o FILE, or watch it with sluice play")
		}
		b := bufio.NewWriterSize(a.stdout, 64<<10)
		return cmp.Or(put(b, format, h, events), b.Flush())
	}
	two := format == cast.Script || format == cast.ScriptClassic
	if st, err := os.Lstat(o.file); err == nil && o.overwrite {
		switch {
		case st.Mode().IsRegular() && !two:
			return replaceFile(o.file, 0o600, func(w io.Writer) error { return put(w, format, h, events) })
		case two && in.reads(o.file):
			return usagef("%s is being read: a typescript is two files, which cannot be replaced at once; name another one", o.file)
		}
	}
	c, err := cast.Create(o.file, format, h.In(format), cast.CreateOptions{Overwrite: o.overwrite, Buffered: true})
	if errors.Is(err, fs.ErrExist) { // what cast says is for programs
		err = fmt.Errorf("recording to %s: %w", o.file, fs.ErrExist)
	}
	if err != nil {
		return recordingError(err)
	}
	c.SetExact(true)
	if err := copyEvents(c, events); err != nil {
		if !o.overwrite { // else they may have been there before
			os.Remove(o.file)
			if two {
				os.Remove(cast.TimingFile(o.file))
			}
		}
		return err
	}
	return nil
}

func put(w io.Writer, f cast.Format, h cast.Header, events cast.Events) error {
	c, err := cast.NewWriter(w, f, h.In(f))
	if err != nil {
		return err
	}
	c.SetExact(true)
	return copyEvents(c, events)
}

// format is the one that is asked for, by name or by the name of the file, or the
// one it had, as far as that can be edited.
func (o *castOut) format(from *tape) (cast.Format, error) {
	if o.to != "" {
		f, err := cast.ParseFormat(o.to)
		if err != nil {
			return 0, usagef("--to: %w", err)
		}
		return f, nil
	}
	if f, known := formatOf(o.file); known {
		return f, nil
	}
	if err := checkEnd(o.file, "--to"); err != nil {
		return 0, err
	}
	if from.reader != nil {
		switch f := from.reader.Format(); f {
		case cast.V1, cast.V2, cast.V3, cast.TTYRec:
			return f, nil
		}
	}
	return cast.V2, nil // which everything reads
}

// unmade are ends of files that sluice does not make. A recording by such a name would
// be taken for what it is not.
var unmade = []string{"apng", "avi", "bz2", "gz", "jpeg", "jpg", "mkv", "mov", "mp4", "pdf", "webm", "webp", "xz", "zip", "zst"}

// checkEnd refuses a name with such an end, unless flag says the format.
func checkEnd(file, flag string) error {
	end := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	if !slices.Contains(unmade, end) {
		return nil
	}
	return usagef("%s: sluice makes no %s; %s says which format it is to have nevertheless (pictures for a video: sluice cast convert FILE FOLDER --to png)", file, end, flag)
}

// replace puts the result in the place of the recording.
func (o *castOut) replace(from *tape, format cast.Format, h cast.Header, events cast.Events) error {
	switch {
	case o.file != "":
		return usagef("--in-place and --output exclude each other")
	case from.path == "":
		return usagef("%s is no file that could be changed in place", from.name)
	case format == cast.Script || format == cast.ScriptClassic, from.reader.Format() == cast.Script, from.reader.Format() == cast.ScriptClassic:
		return usagef("a typescript is two files, which cannot be replaced at once: say where to with -o FILE")
	}
	st, err := os.Lstat(from.path)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return usagef("%s is no regular file: say where to with -o FILE", from.path)
	}
	return replaceFile(from.path, st.Mode().Perm(), func(w io.Writer) error { return put(w, format, h, events) })
}

// putFile writes a picture: a new file or, with overwrite, one in the place of an old
// one. A device or a pipe is written to. What could not be finished is not left over,
// and what was there before is.
func putFile(name string, overwrite bool, write func(io.Writer) error) error {
	flags, made := os.O_WRONLY|os.O_CREATE|os.O_EXCL, true
	if st, err := os.Stat(name); err == nil && overwrite {
		if st.Mode().IsRegular() {
			path, err := filepath.EvalSymlinks(name)
			if err != nil {
				return fmt.Errorf("writing a picture: %w", err)
			}
			return replaceFile(path, st.Mode().Perm(), write)
		}
		flags, made = os.O_WRONLY, false // a pipe, or a device
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return recordingError(fmt.Errorf("writing a picture: %w", err))
	}
	b := bufio.NewWriterSize(f, 64<<10)
	err = cmp.Or(write(b), b.Flush(), f.Close()) // which may all say the same
	if err != nil && made {
		os.Remove(name)
	}
	return err
}

// replaceFile puts a new file in the place of one, in one step.
func replaceFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	if err := atomicfile.Replace(path, mode, true, write); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
