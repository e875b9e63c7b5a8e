package adopt

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func FuzzParseUndo(f *testing.F) {
	for _, text := range []string{"", "{}", `{"pid":1,"start":2,"boot":"b","moves":[{"fd":1,"kept":10,"from":{"dev":1,"ino":2,"name":"/a"}}]}`,
		`{"moves":[{"fd":1,"kept":10},{"fd":1,"kept":11}]}`, `{"moves":[{"fd":-1,"kept":1}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := parseUndo(data)
		if err == nil && slices.ContainsFunc(u.Moves, func(m Move) bool { return m.Kept == m.FD || m.FD > 2 }) {
			t.Errorf("%+v", u)
		}
	})
}

// The records of processes that have ended go away, others stay.
func TestForget(t *testing.T) {
	dir, proc := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(proc+"/sys/kernel/random/boot_id", "b\n")
	write(proc+"/7/stat", "7 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n")
	write(proc+"/8/stat", "8 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0\n")
	for name, text := range map[string]string{
		"7.json": `{"pid":7,"start":77,"boot":"b"}`, "8.json": `{"pid":8,"start":76,"boot":"b"}`, "9.json": `{"pid":9,"start":77,"boot":"b"}`,
		"10.json": `{"pid":7,"start":1,"boot":"b"}`, "other": "x",
	} {
		write(filepath.Join(dir, name), text)
	}
	Packed(proc).forget(dir)
	var left []string
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		left = append(left, f.Name())
	}
	if want := []string{"10.json", "7.json", "other"}; !slices.Equal(left, want) {
		t.Errorf("%v", left)
	}
}
