package stream

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sluicerun/sluice/job"
)

// A packer compresses a log's archives, one after the other, in a goroutine that
// lives as long as there are any.
type packer struct {
	mu    sync.Mutex
	queue []archive // the first is being worked on
	idle  sync.WaitGroup
}

func (p *packer) add(l *Log, a archive) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.queue, a) {
		return
	}
	p.queue = append(p.queue, a)
	if len(p.queue) == 1 {
		p.idle.Add(1)
		go p.run(l)
	}
}

func (p *packer) run(l *Log) {
	defer p.idle.Done()
	for {
		p.mu.Lock()
		a := p.queue[0]
		p.mu.Unlock()
		if l.opt.CompressLimit != nil {
			l.opt.CompressLimit <- struct{}{}
		}
		if err := l.pack(a); err != nil {
			l.event(job.EventLogError, 0, a.from, "%v; the archive stays as it is", err)
		}
		if l.opt.CompressLimit != nil {
			<-l.opt.CompressLimit
		}
		p.mu.Lock()
		p.queue = p.queue[1:]
		last := len(p.queue) == 0
		p.mu.Unlock()
		if last {
			return
		}
	}
}

func (p *packer) wait() { p.idle.Wait() }

// pack compresses one archive: under a name that is nobody's, then the rename
// that makes it one, then the removal of the plain form. Readers take either.
func (l *Log) pack(a archive) error {
	src := filepath.Join(l.dir, a.file(l.name))
	z := a
	z.form = packed
	tmp := filepath.Join(l.dir, tempPrefix(l.name)+z.file(l.name))
	err := compressFile(src, tmp)
	if errors.Is(err, fs.ErrNotExist) && !l.holds(a) {
		return nil // deleted (Keep) before it was its turn
	}
	if err != nil {
		return err
	}
	// The lock keeps tidyArchives from deleting a between the look and the rename.
	l.mu.Lock()
	i := slices.Index(l.archives, a)
	if i >= 0 {
		err = os.Rename(tmp, filepath.Join(l.dir, z.file(l.name)))
	}
	if i < 0 || err != nil {
		l.mu.Unlock()
		os.Remove(tmp)
		return err
	}
	l.archives = slices.Clone(l.archives)
	l.archives[i] = z
	l.mu.Unlock()
	if err := os.Remove(src); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
