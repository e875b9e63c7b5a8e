package creds

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// sharedPoll is how often one looks for credentials that another machine makes: a
// file system over a network tells nobody of them.
const sharedPoll = 200 * time.Millisecond

// Shared makes or waits for credentials in a directory that all nodes of a batch job
// see. Its owner and mode are checked: 0700 and ours. The first creates them in one
// step, so that nobody sees half of them, and takes those that are there already (the
// job was started again); the others wait until ctx ends.
func Shared(ctx context.Context, dir string, first bool, valid time.Duration) (*Creds, error) {
	if first {
		if err := share(dir, valid); err != nil {
			return nil, fmt.Errorf("sharing credentials: %w", err)
		}
	}
	tick := time.NewTicker(sharedPoll)
	defer tick.Stop()
	for {
		c, err := loadOurs(dir)
		if !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the job's first node made no credentials in %s, or has ended: %w\n  does every node see that directory? if not: --tls DIR with the same files everywhere (sluice certs DIR)",
				dir, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Unshare removes credentials of Shared, and those beside them that are older than
// valid, which are good for nothing: their makers were killed.
func Unshare(dir string, valid time.Duration) error {
	parent := filepath.Dir(dir)
	siblings, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("removing credentials: %w", err)
	}
	for _, s := range siblings {
		if info, err := s.Info(); err == nil && s.IsDir() && time.Since(info.ModTime()) > valid {
			os.RemoveAll(filepath.Join(parent, s.Name())) // another job may be at it, too
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing credentials: %w", err)
	}
	return nil
}

// share makes dir with credentials, unless it is there.
func share(dir string, valid time.Duration) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+"-*") // 0700
	if err != nil {
		return err
	}
	if err = Make(tmp, valid); err == nil {
		err = os.Rename(tmp, dir)
	}
	if err == nil {
		return nil
	}
	err = errors.Join(err, os.RemoveAll(tmp))
	if _, there := os.Lstat(dir); there == nil {
		return nil // another was quicker
	}
	return err
}

// loadOurs reads dir if nobody else can have put anything there. fs.ErrNotExist means
// that dir is not there.
func loadOurs(dir string) (*Creds, error) {
	// Opening the directory above has NFS ask its server again; a look-up alone may be
	// answered from memory, "no such file", for a minute.
	if parent, err := os.Open(filepath.Dir(dir)); err == nil {
		parent.Close()
	}
	link, err := os.Lstat(dir)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	if link.Mode().Type() != fs.ModeDir {
		return nil, fmt.Errorf("%s is not a directory; remove it, or use --tls DIR", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	defer root.Close()
	// Of what is open, as the name may lead elsewhere by now.
	info, err := root.Stat(".")
	if err != nil {
		return nil, fmt.Errorf("reading credentials in %s: %w", dir, err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s belongs to somebody else; its credentials are not trusted. Use --tls DIR with your own (sluice certs DIR)", dir)
	}
	if info.Mode().Perm() != 0o700 {
		return nil, fmt.Errorf("%s is open to others (its mode is %04o); if nobody else was there: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	return load(dir, root.FS())
}
