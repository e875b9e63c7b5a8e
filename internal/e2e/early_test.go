//go:build linux

package e2e

import (
	"strings"
	"testing"
)

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
