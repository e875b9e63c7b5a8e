//go:build linux

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicerun/sluice/job"
)

// floorSource is what starting costs at least: posix_spawn and waitpid in C.
const floorSource = `
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
extern char **environ;
int main(int argc, char **argv) {
	int n = atoi(argv[1]);
	char *args[] = {"true", NULL};
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++) {
		pid_t pid;
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, args, environ) != 0) return 1;
		waitpid(pid, NULL, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%f\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / n);
}`

// BenchmarkStart starts and reaps /bin/true, and reports its ratio to C.
func BenchmarkStart(b *testing.B) {
	floor := cFloor(b)
	for name, limits := range map[string][]job.Rlimit{"plain": nil, "staged": {{Name: "core"}}} {
		b.Run(name, func(b *testing.B) {
			benchStart(b, limits, nil)
			perOp := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			if floor > 0 {
				b.ReportMetric(floor, "C-ns/op")
				b.ReportMetric(perOp/floor, "×C")
			}
		})
	}
	b.Run("cgroup", func(b *testing.B) {
		g, err := NewCgroups("/", "bench")
		if err != nil {
			b.Skip(err)
		}
		defer g.Remove()
		c, err := g.Worker("0")
		if err != nil {
			b.Fatal(err)
		}
		benchStart(b, nil, c)
	})
}

func benchStart(b *testing.B, limits []job.Rlimit, cg *Cgroup) {
	s := newSpawner(b, SpawnerOptions{})
	for b.Loop() {
		p, err := s.Start(&Cmd{Path: "/bin/true", Env: os.Environ(), Rlimits: limits, Cgroup: cg})
		if err != nil {
			b.Fatal(err)
		}
		<-p.Exited()
		if _, err := p.Reap(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGang starts eight at once and waits for all of them.
func BenchmarkGang(b *testing.B) {
	s := newSpawner(b, SpawnerOptions{})
	for b.Loop() {
		var ps [8]*Process
		for i := range ps {
			p, err := s.Start(&Cmd{Path: "/bin/true", Env: os.Environ()})
			if err != nil {
				b.Fatal(err)
			}
			ps[i] = p
		}
		for _, p := range ps {
			<-p.Exited()
			if _, err := p.Reap(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// cFloor is nanoseconds for each start in C, or 0 without a compiler.
func cFloor(b *testing.B) float64 {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return 0
	}
	dir := b.TempDir()
	src, bin := filepath.Join(dir, "floor.c"), filepath.Join(dir, "floor")
	if err := os.WriteFile(src, []byte(floorSource), 0o600); err != nil {
		b.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-O1", "-o", bin, src).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(bin, "500").Output()
	if err != nil {
		b.Fatal(err)
	}
	var ns float64
	if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &ns); err != nil {
		b.Fatal(err)
	}
	return ns
}

// BenchmarkCgroups is what the cgroups of a gang of eight cost.
func BenchmarkCgroups(b *testing.B) {
	var made, removed time.Duration
	for b.Loop() {
		at := time.Now()
		g, err := NewCgroups("/", "bench")
		if err != nil {
			b.Skip(err)
		}
		for i := range 8 {
			if _, err := g.Worker(fmt.Sprint(i)); err != nil {
				b.Fatal(err)
			}
		}
		made += time.Since(at)
		at = time.Now()
		if err := g.Remove(); err != nil {
			b.Fatal(err)
		}
		removed += time.Since(at)
	}
	b.ReportMetric(float64(made.Microseconds())/float64(b.N), "make-µs/op")
	b.ReportMetric(float64(removed.Microseconds())/float64(b.N), "remove-µs/op")
}

// BenchmarkDescendants is one look through /proc.
func BenchmarkDescendants(b *testing.B) {
	for b.Loop() {
		if _, err := Descendants("/", os.Getpid()); err != nil {
			b.Fatal(err)
		}
	}
}
