package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Create makes the log dir/name with mode 0600. The directory must exist and
// hold nothing of a log of that name: that one, [Open] continues.
func Create(dir, name string, opt LogOptions) (*Log, error) {
	l, err := create(dir, name, opt)
	if err != nil {
		return nil, fmt.Errorf("creating log %s: %w", filepath.Join(dir, name), err)
	}
	return l, nil
}

func create(dir, name string, opt LogOptions) (*Log, error) {
	var names []string
	if !opt.NewDir {
		var err error
		if names, err = listNames(dir); err != nil {
			return nil, err
		}
	}
	for _, n := range names {
		if _, ok := parseArchive(name, n); ok || n == stateName(name) {
			return nil, fmt.Errorf("an older one left %s: %w", n, fs.ErrExist)
		}
	}
	f, err := openLogFile(filepath.Join(dir, name), unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	return start(newLog(dir, name, opt, f))
}

// Open continues the log dir/name at its end. What a killed writer left half
// done is completed or undone, whatever it was. A file that is missing is made,
// for a pipe may hold bytes that have nowhere else to go.
func Open(dir, name string, opt LogOptions) (*Log, error) {
	l, err := open(dir, name, opt)
	if err != nil {
		return nil, fmt.Errorf("opening log %s: %w", filepath.Join(dir, name), err)
	}
	return start(l)
}

func newLog(dir, name string, opt LogOptions, f *logFile) *Log {
	return &Log{
		dir: dir, name: name, opt: opt, cur: f,
		cutAfter: opt.Rotate.MaxSize, nudges: splicesSilently(), checked: time.Now(),
	}
}

func open(dir, name string, opt LogOptions) (_ *Log, err error) {
	if err := sweep(dir, name); err != nil {
		return nil, err
	}
	as, err := listArchives(dir, name)
	if err != nil {
		return nil, err
	}
	f, err := openLogFile(filepath.Join(dir, name), unix.O_CREAT)
	if err != nil {
		return nil, err
	}
	l := newLog(dir, name, opt, f)
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	l.archives = as
	l.base, l.start = endOf(as), endOf(as)
	if err := l.recoverState(); err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	l.end.Store(l.base + fi.Size())
	return l, nil
}

// sweep removes what a killed writer left behind: files in the making, archive
// names whose exchange did not come to pass, plain archives whose compressed form
// is complete.
func sweep(dir, name string) error {
	names, err := listNames(dir)
	if err != nil {
		return err
	}
	have := map[archive]bool{}
	for _, n := range names {
		if a, ok := parseArchive(name, n); ok {
			have[a] = true
		}
	}
	for _, n := range names {
		path := filepath.Join(dir, n)
		a, ok := parseArchive(name, n)
		switch {
		case strings.HasPrefix(n, tempPrefix(name)):
		case !ok || a.form != plain:
			continue
		case have[archive{a.from, a.to, packed}]:
		default:
			// Only the empty placeholder goes: nothing that holds bytes is
			// deleted on suspicion.
			if fi, err := os.Lstat(path); err != nil || fi.Size() != 0 {
				continue
			}
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// start sets the background parts going.
func start(l *Log) (*Log, error) {
	if l.opt.Direct && (l.opt.OnGrow != nil || l.opt.Rotate.MaxSize > 0) {
		k, err := startKeeper(l)
		if err != nil {
			l.closeFiles()
			return nil, fmt.Errorf("watching log %s: %w", l.path(), err)
		}
		l.keeper = k
	}
	l.tidyArchives()
	return l, nil
}
