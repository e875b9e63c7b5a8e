//go:build unix

package tempdir

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// holds makes the test binary a process that has a directory until it is killed.
const holds = "TEMPDIR_HOLDS"

func TestMain(m *testing.M) {
	if os.Getenv(holds) != "" {
		d, err := Make("tempdir-test-")
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.WriteFile(filepath.Join(d.Path, "file"), nil, 0o600)
		fmt.Println(d.Path)
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// holder is another process with a directory.
func holder(t *testing.T) (cmd *exec.Cmd, path string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holds+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line := bufio.NewScanner(out)
	if !line.Scan() {
		t.Fatal("the other process said nothing")
	}
	return cmd, line.Text()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// What a killed process left goes with the next directory; what is in use, of
// another name, or a link stays.
func TestSweep(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	_, used := holder(t)
	killed, left := holder(t)
	killed.Process.Kill()
	killed.Wait()
	other, link := filepath.Join(tmp, "other-1"), filepath.Join(tmp, "tempdir-test-link")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	if !exists(left) {
		t.Fatal("the killed process removed its directory")
	}
	d, err := Make("tempdir-test-")
	if err != nil {
		t.Fatal(err)
	}
	if exists(left) {
		t.Error("what a killed process left is still there")
	}
	for _, path := range []string{used, filepath.Join(used, "file"), other, link, d.Path} {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
	if err := d.Remove(); err != nil || exists(d.Path) {
		t.Errorf("removing it: %v", err)
	}
}

// Nobody's new directory is swept by others who begin at the same time.
func TestMakeAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				d, err := Make("tempdir-test-")
				if err != nil {
					t.Error(err)
					return
				}
				if err := os.WriteFile(filepath.Join(d.Path, "file"), nil, 0o600); err != nil {
					t.Error(err)
				}
				d.Remove()
			}
		})
	}
	all.Wait()
}
