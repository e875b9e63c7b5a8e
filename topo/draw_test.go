package topo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/job"
)

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("it differs from %s (go test -update writes it anew):\n%s", path, d)
	}
}

// checkDrawing draws, and sees to it that no line is too wide.
func checkDrawing(t *testing.T, m *Machine, opt DrawOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Draw(&b, m, opt); err != nil {
		t.Fatal(err)
	}
	width := max(opt.Width, 40)
	if opt.Width == 0 {
		width = 80
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if displaywidth.String(line) > width {
			t.Errorf("%+v: a line is %d columns wide: %q", opt, displaywidth.String(line), line)
		}
		if opt.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%+v: a line is not ASCII: %q", opt, line)
		}
	}
	return b.Bytes()
}

func TestDraw(t *testing.T) {
	for _, name := range packed(t) {
		m := packedMachine(t, name)
		golden(t, name+".txt", checkDrawing(t, m, DrawOptions{Width: 100}))
		golden(t, name+".ascii.txt", checkDrawing(t, m, DrawOptions{ASCII: true}))
		for _, width := range []int{1, 41, 57, 120, 1000} {
			out := string(checkDrawing(t, m, DrawOptions{Width: width}))
			for _, n := range m.Nodes {
				if !strings.Contains(out, fmt.Sprintf("node %d", n.ID)) {
					t.Errorf("%s, %d columns: there is no node %d", name, width, n.ID)
				}
			}
		}
	}
}

// The plans of all modes for eight workers and all GPUs.
func TestDrawPlan(t *testing.T) {
	for _, name := range packed(t) {
		m := packedMachine(t, name)
		var b bytes.Buffer
		for _, mode := range []string{"auto", "node", "socket", "exclusive", "core-complex", "l3", "core"} {
			gpus, _ := VisibleGPUs(m, lookup(""))
			req := Request{Bind: bind(t, mode), Local: 8, GPUs: gpus}
			req.Bind.Fallback, req.Bind.Mem = true, job.MemLocal
			plan, err := Plan(m, req)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "--bind %s -n 8\n", mode)
			if err := DrawPlan(&b, req, plan); err != nil {
				t.Fatal(err)
			}
			b.WriteByte('\n')
		}
		golden(t, name+".plans.txt", b.Bytes())
	}
}

// What was missing is told at the end.
func TestDrawMissing(t *testing.T) {
	f := upstream(1, 1, 0, 1, 2).files()
	for path := range f {
		if strings.Contains(path, "/cache/") || strings.Contains(path, "/node/") {
			delete(f, path)
		}
	}
	out := string(checkDrawing(t, readMachine(t, f), DrawOptions{Width: 100}))
	if !strings.Contains(out, "not read: ROOT/sys/devices/system/node: file does not exist") || !strings.Contains(out, "[0-1] [2-3]") {
		t.Error(out)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three", 8, "one two|three"}, {"0,1,2,3,4,5,6,7", 8, "0,1,2,3,|4,5,6,7"}, {"CPUs 0,1,2,3,4,5,6", 8, "CPUs 0,|1,2,3,4,|5,6"},
		{"abcdefghijklmnop", 8, "abcdefgh|ijklmnop"}, {"", 8, ""}, {"a b", 1, "a b"}, {"日本語日本語", 8, "日本語日|本語"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
