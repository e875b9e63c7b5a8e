package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/cast/edit"
	"github.com/sluicerun/sluice/job"
	"github.com/sluicerun/sluice/session"
)

// output is the file of a recording, with what hides secrets in front of it.
type output struct {
	began time.Time
	path  string
	made  os.FileInfo // of the file when it was begun

	mu     sync.Mutex
	c      *cast.Writer
	redact *edit.Redactor // nil: nothing is hidden
	offset time.Duration  // of the redactor's clock, before the wall's
	due    *time.Timer
	err    error
	failed bool

	mended string // what was lost of the file before it was gone on with; "": nothing
}

// retryTime is how often a disk that was full is tried again.
const retryTime = time.Second

// rules are what o redacts, and its format.
func rules(o job.Record) (f cast.Format, all []edit.Rule, err error) {
	if o.Format != "" {
		if f, err = cast.ParseFormat(o.Format); err != nil {
			return 0, nil, err
		}
	} else if !o.Append {
		f = cast.V2
	}
	for _, text := range o.Redact {
		rules, err := edit.ParseRule(text)
		if err != nil {
			return 0, nil, fmt.Errorf("--redact: %w", err)
		}
		all = append(all, rules...)
	}
	return f, all, nil
}

// check looks at what is where the file is to be, and the second one of a typescript.
func check(o job.Record, f cast.Format) error {
	if o.Append && o.Overwrite {
		return fmt.Errorf("recording to %s: it is either appended to or overwritten", o.File)
	}
	if err := checkFile(o, o.File); err != nil {
		return err
	}
	if f == cast.Script || f == cast.ScriptClassic {
		if err := checkFile(o, cast.TimingFile(o.File)); err != nil {
			return err
		}
	}
	if st, err := os.Stat(o.File); !o.Append || err != nil || st.Size() == 0 {
		return nil // it will be begun
	}
	return cast.CheckAppend(o.File, f)
}

func checkFile(o job.Record, path string) error {
	st, err := os.Lstat(path)
	if err == nil && !st.Mode().IsRegular() {
		what := "no regular file"
		if st.Mode()&os.ModeSymlink != 0 {
			what = "a symbolic link, and recordings do not go where links point: name the file itself"
		}
		return fmt.Errorf("recording to %s: it is %s", path, what)
	}
	if err == nil && !o.Append && !o.Overwrite {
		how := "--append goes on with it, --overwrite replaces it"
		if path != o.File {
			how = "--overwrite replaces it"
		}
		return fmt.Errorf("recording to %s: it is there already: %s", path, how)
	}
	if errors.Is(err, os.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("recording to %s: %w", path, err)
	}
	return nil
}

// mended tells what was lost of a file that is gone on with.
func mended(path string, rep cast.Report) string {
	text := fmt.Sprintf("%s was damaged, and is mended before it goes on: %d bytes are taken out", path, rep.Lost)
	if n := len(rep.Notes); n > 0 { // that of the end is the last
		text += "; " + rep.Notes[n-1].String()
	}
	return text
}

func create(ctx context.Context, o job.Record, h cast.Header, note func(string)) (*output, error) {
	f, hide, err := rules(o)
	if err != nil {
		return nil, err
	}
	out := &output{began: time.Now(), path: o.File}
	if len(hide) > 0 {
		if out.redact, err = edit.NewRedactor(hide, edit.RedactOptions{}); err != nil {
			return nil, err
		}
		h = out.redact.Header(h)
	}
	opt := cast.CreateOptions{Append: o.Append, Overwrite: o.Overwrite, Repaired: func(rep cast.Report) {
		if rep.Lost > 0 {
			out.mended = mended(o.File, rep)
		}
	}}
	begun := false // before, there is nothing that would be lost by giving up
	if o.OnFull == job.RecordWait {
		told := false
		opt.Retry = func(err error) bool {
			if !begun || !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
				return false
			}
			if !told {
				note(fmt.Sprintf("the recording %s waits for room on its disk: %v", o.File, err))
			}
			told = true
			select {
			case <-ctx.Done():
				return false
			case <-time.After(retryTime):
				return true
			}
		}
	}
	if out.c, err = cast.Create(o.File, f, h.In(f), opt); err != nil {
		return nil, err
	}
	begun = true
	out.made, err = os.Lstat(o.File)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recording to %s: %w", o.File, err), out.c.Close())
	}
	return out, nil
}

// moved tells that the file is not where it was begun any more: what we have written
// is not in the one that is found there.
func (o *output) moved() error {
	if st, err := os.Lstat(o.path); err == nil && os.SameFile(st, o.made) {
		return nil
	}
	return errors.New("the file was removed or replaced meanwhile")
}

// write writes an event, or holds it back for a while: what follows may show that
// a part of it is secret.
func (o *output) write(e cast.Event) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.redact == nil {
		return o.put(e)
	}
	o.offset = time.Since(o.began) - e.Time
	return o.put(o.redact.Feed(e)...)
}

// put writes what may be written, and sees to what may not yet; mu is held.
func (o *output) put(events ...cast.Event) error {
	for _, e := range events {
		if o.err == nil {
			o.err = o.c.Write(e)
		}
	}
	if o.redact == nil || o.err != nil {
		return o.err
	}
	at, waits := o.redact.Due()
	if !waits {
		return nil
	}
	d := at + o.offset - time.Since(o.began)
	if o.due == nil {
		o.due = time.AfterFunc(d, o.tick)
	} else {
		o.due.Reset(d)
	}
	return nil
}

// tick lets go of what was held back for long enough. An error is the next
// event's.
func (o *output) tick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.redact != nil {
		o.put(o.redact.Tick(time.Since(o.began) - o.offset)...)
	}
}

// close completes the file.
func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.due != nil {
		o.due.Stop()
	}
	if o.redact != nil {
		o.put(o.redact.Flush()...)
		o.redact = nil
	}
	moved := o.moved() // while ours is open: no other file can be taken for it
	err := o.c.Close()
	return cmp.Or(o.err, err, moved)
}

// dropLogs deletes the logs of what was recorded: they hold the secrets.
func (r *Recorder) dropLogs() {
	for _, dir := range r.dirs {
		session.Deleted(dir, r.o.File)
		for _, pattern := range []string{session.OutputLog + "*", session.StdinLog, session.TimingFile} {
			files, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					r.note("a log that holds what the recording hides could not be deleted: " + err.Error())
				}
			}
		}
	}
}
