//go:build linux

package stream

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sluicerun/sluice/job"
)

// BenchmarkPump moves what another process floods into a pipe, in one go with what
// read and write do (cat), and a worker writing its file itself (direct).
func BenchmarkPump(b *testing.B) {
	const size = 64 << 20
	flood := func(b *testing.B, out *os.File) *exec.Cmd {
		// No work in the writer: the pipe is what is measured.
		cmd := exec.Command("dd", "if=/dev/zero", "bs=16k", fmt.Sprint("count=", size/(16<<10)), "status=none")
		cmd.Stdout = out
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		out.Close()
		return cmd
	}
	pump := func(rotate job.Rotate) func(b *testing.B, path string) {
		return func(b *testing.B, path string) {
			r, w, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			l, err := Create(filepath.Dir(path), filepath.Base(path), LogOptions{Rotate: rotate})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			cmd := flood(b, w)
			<-StartPump(r, l, PumpOptions{}).Done()
			cmd.Wait()
			if l.Size() != size {
				b.Fatalf("%d bytes", l.Size())
			}
		}
	}
	for _, c := range []struct {
		name string
		run  func(b *testing.B, path string)
	}{
		{"splice", pump(job.Rotate{})},
		{"rotate", pump(job.Rotate{MaxSize: 8 << 20, Keep: 2})},
		{"cat", func(b *testing.B, path string) {
			r, w, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			cmd := flood(b, w)
			// Hide ReadFrom and WriteTo, which would splice as well.
			if _, err := io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{r}, make([]byte, 128<<10)); err != nil {
				b.Fatal(err)
			}
			cmd.Wait()
		}},
		{"direct", func(b *testing.B, path string) {
			f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			if err != nil {
				b.Fatal(err)
			}
			flood(b, f).Wait()
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			root, err := os.MkdirTemp("/dev/shm", "sluice-bench-")
			if err != nil {
				root = b.TempDir()
			}
			defer os.RemoveAll(root)
			b.SetBytes(size)
			for i := 0; b.Loop(); i++ {
				dir := filepath.Join(root, fmt.Sprint(i))
				os.Mkdir(dir, 0o700)
				c.run(b, filepath.Join(dir, "stdout.log"))
				os.RemoveAll(dir)
			}
		})
	}
}

// BenchmarkReadAt is a console reading the end of a log.
func BenchmarkReadAt(b *testing.B) {
	dir := b.TempDir()
	l, err := Create(dir, "stdout.log", LogOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	w.Write(make([]byte, 4096))
	w.Close()
	<-StartPump(r, l, PumpOptions{}).Done()
	r.Close()
	p := make([]byte, 4096)
	b.ReportAllocs()
	b.SetBytes(4096)
	for b.Loop() {
		if _, err := l.ReadAt(p, 0); err != nil {
			b.Fatal(err)
		}
	}
}
