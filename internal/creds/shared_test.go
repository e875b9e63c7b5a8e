package creds

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

func TestShared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jobs", "7")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	tokens := make([]string, 8)
	for i := range tokens {
		wg.Go(func() {
			// Two are first, as if the job was started twice.
			c, err := Shared(ctx, dir, i < 2, year)
			if err != nil {
				t.Error(err)
				return
			}
			tokens[i] = c.Token()
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if token == "" || token != tokens[0] {
			t.Errorf("tokens %q", tokens)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("left: %v %v", entries, err)
	}
}

// With the credentials of a run go those that were left behind long ago, and no others.
func TestUnshare(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "jobs")
	for _, job := range []string{"7", "8", "old"} {
		if _, err := Shared(t.Context(), filepath.Join(parent, job), true, year); err != nil {
			t.Fatal(err)
		}
	}
	ago := time.Now().Add(-2 * year)
	if err := os.Chtimes(filepath.Join(parent, "old"), ago, ago); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again: there is nothing left to remove
		if err := Unshare(filepath.Join(parent, "7"), year); err != nil {
			t.Error(err)
		}
		entries, err := os.ReadDir(parent)
		if err != nil || len(entries) != 1 || entries[0].Name() != "8" {
			t.Errorf("left: %v %v", entries, err)
		}
	}
}

func TestSharedWaits(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	dir := filepath.Join(t.TempDir(), "none", "7")
	_, err := Shared(ctx, dir, false, year)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--tls") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Errorf("who waits made something: %v", err)
	}
}

func TestSharedMistrusts(t *testing.T) {
	t.Run("open", func(t *testing.T) {
		dir := made(t)
		if err := os.Chmod(dir, 0o750); err != nil {
			t.Fatal(err)
		}
		if _, err := Shared(t.Context(), dir, true, year); err == nil || !strings.Contains(err.Error(), "chmod 700") {
			t.Error(err)
		}
	})
	t.Run("link", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(made(t), link); err != nil {
			t.Fatal(err)
		}
		if _, err := Shared(t.Context(), link, false, year); err == nil || !strings.Contains(err.Error(), "not a directory") {
			t.Error(err)
		}
	})
	t.Run("half", func(t *testing.T) {
		dir := made(t)
		if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := Shared(t.Context(), dir, false, year); err == nil || !strings.Contains(err.Error(), "no key.pem") {
			t.Error(err)
		}
	})
	t.Run("not ours", func(t *testing.T) {
		testpeer.NeedRoot(t, "give a directory away")
		dir := made(t)
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := Shared(t.Context(), dir, false, year); err == nil || !strings.Contains(err.Error(), "somebody else") {
			t.Error(err)
		}
	})
}

// A secret of Kubernetes is root's, and a group's that the pod's user is in. So it is
// good for them, and would not be if it was a user's own.
func TestSecretOfRoot(t *testing.T) {
	testpeer.NeedRoot(t, "own a file that another reads")
	dir := made(t)
	key := filepath.Join(dir, keyFile)
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(key)
	if err != nil {
		t.Fatal(err)
	}
	if got := forbidden(info, 1000); got != 0o037 {
		t.Errorf("%04o for another user", got)
	}
	if got := forbidden(info, 0); got != 0o077 {
		t.Errorf("%04o for root", got)
	}
	info.Sys().(*syscall.Stat_t).Uid = 1000
	if got := forbidden(info, 1000); got != 0o077 {
		t.Errorf("%04o for a file of the user's own", got)
	}
}
