package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sluicerun/sluice"

// roomOf is the room a package belongs to: the longest listed folder that it
// lies in, or "".
func roomOf(pkg string) string {
	best := ""
	try := func(room string) {
		if (pkg == room || strings.HasPrefix(pkg, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	for _, s := range storeys {
		for _, room := range s {
			try(room)
		}
	}
	for _, room := range alone {
		try(room)
	}
	return best
}

// storeyOf counts from the roof; a room on no storey lies below all of them.
func storeyOf(room string) int {
	i := slices.IndexFunc(storeys, func(s []string) bool { return slices.Contains(s, room) })
	if i < 0 {
		return len(storeys)
	}
	return i
}

// forbidden says why pkg may not import dep, both relative to the module, or "".
func forbidden(pkg, dep string) string {
	from, to := roomOf(pkg), roomOf(dep)
	switch {
	case from == "":
		return fmt.Sprintf("%s is in no room: add it to storeys (or alone) in internal/archtest/rooms_test.go", pkg)
	case to == "":
		return fmt.Sprintf("%s is in no room: add it to storeys (or alone) in internal/archtest/rooms_test.go", dep)
	case from == to:
		return ""
	case slices.Contains(testsOnly, from) && slices.Contains(testsOnly, to):
		return ""
	case slices.Contains(testsOnly, to):
		return fmt.Sprintf("%s imports %s, which is for tests only", pkg, dep)
	case slices.Contains(alone, from) && slices.Contains(ground, to):
		return ""
	case slices.Contains(alone, from):
		return fmt.Sprintf("%s imports %s, but %s stands alone and imports nothing of this module", pkg, dep, from)
	case storeyOf(to) <= storeyOf(from):
		return fmt.Sprintf("%s imports %s, which does not lie below it: imports point down only (internal/archtest/rooms_test.go)", pkg, dep)
	}
	return ""
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T, root, goos string) []goPackage {
	t.Helper()
	// -e: a package that does not compile is for the compiler to complain about.
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOFLAGS=-mod=readonly")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestArrows(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// go test keeps results whose files have not changed, and sees only the
	// files that the test itself looks at.
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, goos := range []string{"linux", "darwin"} {
		seen := 0
		for _, p := range list(t, root, goos) {
			pkg, ours := strings.CutPrefix(p.ImportPath, module+"/")
			if !ours {
				continue
			}
			seen++
			if roomOf(pkg) == "" {
				t.Error(forbidden(pkg, pkg))
				continue
			}
			for _, path := range p.Imports {
				if dep, ours := strings.CutPrefix(path, module+"/"); ours {
					if why := forbidden(pkg, dep); why != "" {
						t.Errorf("%s: %s", goos, why)
					}
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s: go list told of no package of this module", goos)
		}
	}
}

// The judge is judged.
func TestForbidden(t *testing.T) {
	for _, c := range []struct{ pkg, dep, want string }{
		{"cmd/sluice", "internal/cli", ""},
		{"internal/cli", "api", ""},
		{"api", "job", ""},
		{"launch", "launch/guardian", ""},
		{"stream/console", "stream", ""},
		{"session", "internal/proc", ""},
		{"internal/agent", "redirect", ""},
		{"redirect/cstdio", "redirect/cstdio/internal/cprint", ""},
		{"job", "stream", "stands alone"},
		{"cast", "vt", "stands alone"},
		{"redirect", "job", "stands alone"},
		{"adopt/render", "internal/proc", "stands alone"},
		{"adopt", "internal/procfs", ""},
		{"stream", "launch", "does not lie below"},
		{"stream", "report", "does not lie below"},
		{"launch/guardian", "api", "does not lie below"},
		{"api", "internal/cli", "does not lie below"},
		{"job", "cmd/sluice", "stands alone"},
		{"stream", "internal/testpeer", "tests only"},
		{"bus/natsbus", "bus/natsbus/natstest", "tests only"},
		{"attic", "job", "attic is in no room"},
		{"launch", "launcher", "launcher is in no room"},
	} {
		got := forbidden(c.pkg, c.dep)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s -> %s: %q, want %q", c.pkg, c.dep, got, c.want)
		}
	}
}

// The program that every process of a run is must not pay for what few commands need:
// the engine of runs over several machines, a web server, a compiler for the kernel.
// The whole program is unpacked only for those.
func TestSmallProgram(t *testing.T) {
	for _, tags := range []string{"small", ""} {
		cmd := exec.Command("go", "list", "-deps", "-tags", tags, "./cmd/sluice")
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOFLAGS=-mod=readonly")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for _, large := range []string{"github.com/nats-io/nats.go", "net/http", "github.com/cilium/ebpf"} {
			if has, small := strings.Contains("\n"+string(out), "\n"+large+"\n"), tags != ""; has == small {
				t.Errorf("with tags %q, the program has %s: %v", tags, large, has)
			}
		}
	}
}
