//go:build linux

package proc

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"a/tool", "b", "c", "work/bin"} {
		if err := os.MkdirAll(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir+"/b/tool", "#!/bin/sh\n", 0o644)
	write(t, dir+"/c/tool", "#!/bin/sh\n", 0o755)
	write(t, dir+"/b/locked", "#!/bin/sh\n", 0o644)
	write(t, dir+"/work/here", "#!/bin/sh\n", 0o755)
	write(t, dir+"/work/bin/near", "#!/bin/sh\n", 0o755)
	t.Chdir(dir)
	for _, c := range []struct {
		name, dir, path string
		want, err       string
	}{
		{"/x/y", "", "", "/x/y", ""}, // Check's to refuse
		{"./here", "{}/work", "", "{}/work/./here", ""},
		{"bin/../here", "work", "", "{}/work/bin/../here", ""},
		{"./tool", "", "", "{}/./tool", ""},
		{"tool", "", "{}/a:{}/b:{}/c", "{}/c/tool", ""}, // not the directory, not the one without x
		{"tool", "", "{}/c/:{}/b", "{}/c/tool", ""},
		{"here", "work", "/none:", "{}/work/here", ""}, // an empty entry is the worker's directory
		{"near", "{}/work", "bin", "{}/work/bin/near", ""},
		{"sh", "", "-", "/bin/sh", ""}, // no PATH at all
		{"locked", "", "{}/a:{}/b", "", "starting {}/b/locked: no permission to execute it; make it executable: chmod +x {}/b/locked"},
		{"nowhere", "", "{}/a", "", `starting nowhere: command not found in PATH "{}/a"`},
		{"here", "work", "{}/a", "", `starting here: command not found in PATH "{}/a"; there is a file of that name in the working directory: ./here`},
		{"", "", "", "", `starting "": the command is empty`},
	} {
		in := func(s string) string { return strings.ReplaceAll(s, "{}", dir) }
		env := []string{"PATH=/wrong", "PATH=" + in(c.path)}
		if c.path == "-" {
			env = nil
		}
		got, err := LookPath(c.name, in(c.dir), env)
		if got != in(c.want) {
			t.Errorf("%q in %q: %q, want %q", c.name, c.dir, got, in(c.want))
		}
		if c.err == "" {
			if err != nil {
				t.Errorf("%q in %q: %v", c.name, c.dir, err)
			}
			continue
		}
		var se *StartError
		if !errors.As(err, &se) || err.Error() != in(c.err) {
			t.Errorf("%q in %q:\n got %v\nwant %s", c.name, c.dir, err, in(c.err))
		}
		if want := 127; strings.Contains(c.err, "permission") {
			if se.Status != 126 {
				t.Errorf("%q: status %d", c.name, se.Status)
			}
		} else if se.Status != want {
			t.Errorf("%q: status %d", c.name, se.Status)
		}
	}
}
