//go:build linux

package e2e

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// forks tells whether the program is linked so that it forks its agent before there is
// a Go runtime, as scripts/build.sh links it.
const forks = runtime.GOARCH == "amd64"

// The agent's process is started before what takes long to initialise: who gives
// internal/early another import may undo that. The order is the program's, whatever it
// does; a run is not asked, for its agent writes on the same stderr.
func TestAgentStartsEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = append(w.env, "GODEBUG=inittrace=1")
	r := w.run("version")
	early, rest, found := strings.Cut(r.stderr, "\ninit github.com/sluicerun/sluice/internal/early @")
	if r.status != 0 || !found {
		t.Fatalf("%+v", r)
	}
	if n := strings.Count(early, "\ninit "); n > 60 {
		t.Errorf("it comes after %d other packages", n)
	}
	for _, late := range []string{"golang.org/x/sys/unix", "encoding/json", "crypto/tls", "net/http", "github.com/sluicerun/sluice/internal/cli"} {
		if strings.Contains(early, "\ninit "+late+" @") {
			t.Errorf("it comes after %s", late)
		}
		if !strings.Contains(rest, "\ninit "+late+" @") {
			t.Errorf("%s does not come after it", late)
		}
	}
}

// The program that users get forks its agent, and nobody sees a difference: the rest
// is tested in internal/early.
func TestAgentIsForked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.run("run", "--", "sh", "-c", `cat /proc/$PPID/stat; tr "\\0" " " </proc/$PPID/cmdline`)
	stat, name, _ := strings.Cut(r.stdout, "\n")
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if r.status != 0 || len(fields) < 7 {
		t.Fatalf("%+v", r)
	}
	const forkNoExec = 0x40
	if flags, err := strconv.Atoi(fields[6]); err != nil || flags&forkNoExec != 0 != forks {
		t.Errorf("flags %s; forked without exec: want %v", fields[6], forks)
	}
	if strings.TrimSpace(name) != "sluice __agent" {
		t.Errorf("its command line is %q", name)
	}
}
