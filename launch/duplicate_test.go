package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lines are those that hold a text, whole, however the log is cut on the way.
func TestDuplicateFeed(t *testing.T) {
	long := strings.Repeat("x", dupLine)
	for _, tt := range []struct{ name, in, want string }{
		{"some", "loss 1\nother\nacc 2\n", "> loss 1\n> acc 2\n"},
		{"none", "other\n", ""},
		{"a last line without end", "other\nloss", "> loss\n"},
		{"an empty text line", "\n\nloss\n", "> loss\n"},
		{"long, found early", "loss" + long + "y\nother\n", "> loss" + long + "y\n"},
		{"long, found too late", long + "loss\nloss\n", "> loss\n"},
	} {
		for _, step := range []int{1 << 30, 7} {
			path := filepath.Join(t.TempDir(), "out")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			d := &duplicate{texts: []string{"loss", "acc"}, prefix: []byte("> "), out: f}
			if len(tt.in) > dupLine {
				step = max(step, 70_001)
			}
			for in := tt.in; in != ""; {
				n := min(step, len(in))
				d.feed([]byte(in[:n]))
				in = in[n:]
			}
			d.last()
			if d.err != nil {
				t.Error(d.err)
			}
			if got, _ := os.ReadFile(path); string(got) != tt.want {
				t.Errorf("%s, by %d bytes: %d bytes %.80q, want %.80q", tt.name, step, len(got), got, tt.want)
			}
		}
	}
}
