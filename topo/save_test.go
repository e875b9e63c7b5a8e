package topo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sluicerun/sluice/internal/testpeer"
)

// What was saved reads as the machine itself, packed or real.
func TestSave(t *testing.T) {
	machines := []string{"desktop"}
	if testpeer.Strict() {
		machines = append(machines, "dgx-h100") // some thousand files
	}
	for _, name := range machines {
		t.Run(name, func(t *testing.T) {
			root, dir := t.TempDir(), filepath.Join(t.TempDir(), "saved")
			for path, text := range unpack(t, name) {
				path = filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := Save(root, dir); err != nil {
				t.Fatal(err)
			}
			want, err := Read(root)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got.Missing { // their paths begin with the root
				got.Missing[i].Path = strings.Replace(got.Missing[i].Path, dir, root, 1)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if err := Save(root, dir); err == nil {
				t.Error("it was saved over another one")
			}
		})
	}
}

// This machine, whose /sys is full of circles.
func TestSaveHere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "saved")
	if err := Save("/", dir); err != nil {
		t.Fatal(err)
	}
	here, err := Read("/")
	if err != nil {
		t.Fatal(err)
	}
	there, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	here.Memory, there.Memory = 0, 0 // it changes by the second
	for i := range here.Nodes {
		here.Nodes[i].Memory, there.Nodes[i].Memory = 0, 0
	}
	here.Missing, there.Missing = nil, nil
	if d := cmp.Diff(here, there); d != "" {
		t.Error(d)
	}
}
