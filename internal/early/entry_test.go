//go:build linux

package early

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// process is what testdata/forks says.
type process struct {
	Args, Env            []string
	PID, Parent, Session int
	CommandLine          string
	Forked               bool
	Random               uint64
	Inherited            []string
	Link                 string
	Agent                int
}

// With the entry the agent is forked; where something is not as it mostly is, and
// where the program is linked without, it is executed. Nobody sees another difference.
func TestEntry(t *testing.T) {
	dir := t.TempDir()
	build := func(name string, flags ...string) string {
		out := filepath.Join(dir, name)
		cmd := exec.Command("go", append(append([]string{"build", "-o", out}, flags...), "./testdata/forks")...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, b)
		}
		return out
	}
	plain, quick := build("plain"), ""
	if runtime.GOARCH == "amd64" {
		quick = build("quick", "-ldflags=-E github.com/sluicerun/sluice/internal/early.entry")
	}
	link := filepath.Join(dir, "torchrun")
	if err := os.Symlink(quick, link); err != nil {
		t.Fatal(err)
	}
	const some = `exec 4</etc/passwd 9</etc/passwd; `
	for _, c := range []struct {
		name, program string
		forked        bool
		script        string // $0 is the program
	}{
		{"without it", plain, false, `exec "$0" run -- true`},
		{"run", quick, true, `exec "$0" run -- true`},
		{"torchrun", quick, true, `exec "$0" torchrun x.py`},
		{"a link", link, true, `exec "$0" x.py`},
		{"a link without arguments", link, false, `exec "$0"`},
		{"short names", quick, false, `exec -a s "$0" run x`},
		{"the shortest that do", quick, true, `exec -a sluice "$0" run tru`},
		{"many arguments", quick, true, `exec "$0" run -- ` + strings.Repeat("argument ", 1000)},
		{"no environment", quick, true, `exec env -i "$0" run -- true`},
		{"descriptors", quick, true, some + `exec "$0" run -- true`},
		{"descriptors, without it", plain, false, some + `exec "$0" run -- true`},
		{"descriptor 3", quick, true, `exec 3</etc/passwd; exec "$0" run -- true`},
		{"no stdin", quick, false, `exec "$0" run -- true <&-`},
		{"no stdout", quick, false, `exec "$0" run -- true >&-`},
	} {
		if quick == "" && c.program != plain {
			continue // there is none for this processor
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			cmd := exec.Command("bash", "-c", c.script, c.program)
			cmd.Stderr = &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			var all []process
			for sc := bufio.NewScanner(&stderr); sc.Scan(); {
				var p process
				if err := json.Unmarshal(sc.Bytes(), &p); err != nil {
					t.Fatalf("%v in %s", err, sc.Bytes())
				}
				all = append(all, p)
			}
			if len(all) != 2 {
				t.Fatalf("%d processes: %+v", len(all), all)
			}
			agent, us := all[0], all[1]
			if agent.Forked != c.forked {
				t.Errorf("forked: %v, want %v", agent.Forked, c.forked)
			}
			if us.Agent != agent.PID || agent.Parent != us.PID || us.PID != cmd.Process.Pid || agent.Session != agent.PID {
				t.Errorf("we are %d, our agent is %d; it is %d of %d, in session %d", us.PID, us.Agent, agent.PID, agent.Parent, agent.Session)
			}
			if us.Link != strconv.Itoa(agent.PID) || agent.Link != strconv.Itoa(us.PID) {
				t.Errorf("over the link came %q and %q", us.Link, agent.Link)
			}
			if !slices.Equal(agent.Args, Argv()) || strings.TrimRight(agent.CommandLine, "\x00") != strings.Join(Argv(), "\x00") {
				t.Errorf("its arguments are %q, and for others %q", agent.Args, agent.CommandLine)
			}
			if !IsRun(us.Args) || us.CommandLine != strings.Join(us.Args, "\x00")+"\x00" {
				t.Errorf("our arguments are %q, and for others %q", us.Args, us.CommandLine)
			}
			if !slices.Equal(agent.Env, us.Env) {
				t.Errorf("its environment is %q and ours %q", agent.Env, us.Env)
			}
			if agent.Random == us.Random {
				t.Errorf("both have drawn %x", us.Random)
			}
			if len(agent.Inherited) > 0 {
				t.Errorf("it has our descriptors %q", agent.Inherited)
			}
		})
	}
}
