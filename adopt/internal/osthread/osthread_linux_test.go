package osthread

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicerun/sluice/internal/procfs"
)

// What is changed of the thread is nobody else's, and the thread ends.
func TestDo(t *testing.T) {
	before, err := os.Readlink("/proc/self/ns/uts")
	if err != nil {
		t.Fatal(err)
	}
	used := map[int]bool{}
	for range 200 {
		wrong := errors.New("as it should be")
		if err := Do(func() error {
			used[unix.Gettid()] = true
			unix.Unshare(unix.CLONE_NEWUTS) // where it is permitted
			return wrong
		}); err != wrong {
			t.Fatal(err)
		}
	}
	if used[os.Getpid()] {
		t.Error("the first thread was taken")
	}
	if now, err := os.Readlink("/proc/self/ns/uts"); now != before {
		t.Errorf("%s was %s: %v", now, before, err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		left := 0
		tids, err := procfs.FS("/proc").Tasks(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		for _, tid := range tids {
			if used[tid] {
				left++
			}
		}
		if left == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d threads are left", left)
		}
	}
}
