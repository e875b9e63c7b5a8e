//go:build linux

package stream

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/sluicerun/sluice/internal/testpeer"
)

// pick is how much of something the quick suite has, and how much the whole one.
func pick(quick, whole int) int {
	if testing.Short() || !testpeer.Strict() {
		return quick
	}
	return whole
}

// The promise: whenever the writer is killed, each byte is in the pipe or in the
// log, and the next writer goes on as if nothing had been.
func TestPumpSurvivesKills(t *testing.T) {
	for _, c := range []struct {
		name     string
		max      int
		compress string
	}{{"plain", 0, ""}, {"rotating", 50000, ""}, {"compressing", 200000, "1"}} {
		t.Run(c.name, func(t *testing.T) {
			onFS(t, func(t *testing.T, dir string) {
				size := int64(pick(8<<20, 24<<20))
				r, w := pipe(t)
				flood := child("flood", "SEED=7", "LINE=300", fmt.Sprint("BYTES=", size))
				flood.Stdout = w
				if err := flood.Start(); err != nil {
					t.Fatal(err)
				}
				w.Close()
				kills := killUntilDone(t, pick(20, 60), func() *exec.Cmd {
					cmd := child("pump", "DIR="+dir, fmt.Sprint("MAX=", c.max), "COMPRESS="+c.compress)
					cmd.ExtraFiles = []*os.File{r}
					return cmd
				})
				if err := flood.Wait(); err != nil {
					t.Fatal(err)
				}
				n, err := DrainTo(r, dir, "stdout.log")
				if err != nil || n != 0 {
					t.Fatalf("after the end, DrainTo = %d, %v", n, err)
				}
				t.Logf("%d kills, %d files", kills, len(listDir(t, dir)))
				same(t, "log", readAll(t, dir), wantText(7, 300, size))
				l, err := Open(dir, "stdout.log", LogOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size()))
				if err != nil {
					t.Fatal(err)
				}
				same(t, "Log.ReadAt", got, wantText(7, 300, size))
			})
		})
	}
}

// killUntilDone starts the child again and again, killing it at random moments,
// until it was killed often enough and ends by itself.
func killUntilDone(t *testing.T, kills int, start func() *exec.Cmd) (killed int) {
	t.Helper()
	for {
		cmd := start()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if killed < kills {
			// Chance is what is tested here: the moment is the random part.
			time.AfterFunc(time.Duration(2+rand.IntN(12))*time.Millisecond, func() { cmd.Process.Kill() })
		}
		err := cmd.Wait()
		if err == nil {
			return killed
		}
		if cmd.ProcessState.ExitCode() >= 0 {
			t.Fatalf("the child failed: %v", err)
		}
		killed++
	}
}

// A guardian drains what the killed writer left, even in the middle of a rotation.
func TestDrainToAfterKill(t *testing.T) {
	dir := t.TempDir()
	for i := range pick(5, 15) {
		sub := fmt.Sprintf("%s/%d", dir, i)
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		r, w := pipe(t)
		size := int64(2 << 20)
		flood := child("flood", "SEED=3", "LINE=100", fmt.Sprint("BYTES=", size))
		flood.Stdout = w
		if err := flood.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		pump := child("pump", "DIR="+sub, "MAX=20000")
		pump.ExtraFiles = []*os.File{r}
		if err := pump.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(5+rand.IntN(15))*time.Millisecond, func() { pump.Process.Kill() })
		pump.Wait()
		for {
			n, err := DrainTo(r, sub, "stdout.log")
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 && waitEnd(t, r) {
				break
			}
		}
		if err := flood.Wait(); err != nil {
			t.Fatal(err)
		}
		same(t, "log", readAll(t, sub), wantText(3, 100, size))
		r.Close()
	}
}

// waitEnd waits until the pipe can be read, and tells whether it is at its end.
func waitEnd(t *testing.T, r *os.File) (end bool) {
	t.Helper()
	rc, err := r.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	rc.Read(func(fd uintptr) bool {
		n, _ := waiting(int(fd))
		end = n == 0 && atEnd(int(fd)) == nil
		return n > 0 || end
	})
	return end
}

// A worker writes its file itself; the keeper cuts the head off under it, and is
// killed while it does.
func TestKeeperSurvivesKills(t *testing.T) {
	for _, compress := range []string{"", "1"} {
		t.Run("compress="+compress, func(t *testing.T) {
			onFS(t, func(t *testing.T, dir string) {
				l, err := Create(dir, "stdout.log", LogOptions{Direct: true})
				if err != nil {
					t.Fatal(err)
				}
				w, err := l.WriterFile()
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
				size := int64(pick(16<<20, 48<<20))
				flood := child("flood", "SEED=9", "LINE=200", fmt.Sprint("BYTES=", size))
				flood.Stdout = w
				if err := flood.Start(); err != nil {
					t.Fatal(err)
				}
				w.Close()
				stop, stopw := pipe(t)
				floodDone := make(chan error, 1)
				go func() { err := flood.Wait(); stopw.Close(); floodDone <- err }()
				kills := killUntilDone(t, pick(20, 60), func() *exec.Cmd {
					cmd := child("keep", "DIR="+dir, "MAX=100000", "COMPRESS="+compress)
					cmd.Stdin = stop
					return cmd
				})
				if err := <-floodDone; err != nil {
					t.Fatal(err)
				}
				// A last one rotates what came after the last kill.
				l, err = Open(dir, "stdout.log", LogOptions{Direct: true})
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				names := listDir(t, dir)
				t.Logf("%d kills, %d files, %d bytes still in the file", kills, len(names), l.Size()-l.base)
				want := wantText(9, 200, size)
				same(t, "log", readAll(t, dir), want)
				got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size()))
				if err != nil {
					t.Fatal(err)
				}
				same(t, "Log.ReadAt", got, want)
			})
		})
	}
}
