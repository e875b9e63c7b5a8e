package stream

import (
	"sync"
	"time"

	"github.com/sluicerun/sluice/job"
)

// A keeper looks after a direct log: it hears from inotify that the file grew,
// tells of it, and rotates.
type keeper struct {
	l     *Log
	w     *Watcher // its own, or nil
	sub   *subscription
	end   chan struct{}
	once  sync.Once
	ended chan struct{}
}

// startKeeper subscribes before it returns, so that nothing a worker writes from
// now on goes unnoticed. The worker is always on this host, so inotify works on
// any file system; where no instance is to be had, the file is polled.
func startKeeper(l *Log) (*keeper, error) {
	k := &keeper{l: l, end: make(chan struct{}), ended: make(chan struct{})}
	w := l.opt.Watcher
	if w == nil {
		var err error
		if w, err = NewWatcher(); err == nil {
			k.w = w
		}
	}
	if w != nil {
		var err error
		if k.sub, err = w.subscribe(l.dir, l.name); err != nil && k.w != nil {
			k.w.Close()
			k.w = nil
		}
	}
	if k.sub == nil {
		l.event(job.EventNote, 0, 0, "log %s is polled: inotify has no more instances or watches to give (fs.inotify.*)", l.path())
	}
	go k.run()
	return k, nil
}

func (k *keeper) run() {
	defer close(k.ended)
	var c <-chan struct{}
	if k.sub != nil {
		c = k.sub.C
	}
	var p poller
	t := time.NewTimer(0) // the first look is at once: there may be something to rotate
	defer t.Stop()
	for {
		select {
		case <-c:
		case <-t.C:
		case <-k.end:
			k.l.grown()
			return
		}
		if k.l.grown() {
			p.grew()
		}
		if c == nil {
			t.Reset(p.next())
		}
	}
}

// stop is nil-safe. It returns when the last growth was told.
func (k *keeper) stop() {
	if k == nil {
		return
	}
	k.once.Do(func() {
		close(k.end)
		<-k.ended
		if k.sub != nil {
			k.sub.close()
		}
		if k.w != nil {
			k.w.Close()
		}
	})
}
