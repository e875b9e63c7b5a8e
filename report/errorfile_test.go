package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseErrorFile(t *testing.T) {
	at := time.Unix(1767225600, 0)
	for _, c := range []struct {
		name, text string
		want       ErrorFile
	}{
		{"nested", `{"message": {"message": "ValueError: bad shape", "extraInfo": {"py_callstack": "Traceback ...", "timestamp": "1767225600"}}}`,
			ErrorFile{Message: "ValueError: bad shape", Callstack: "Traceback ...", Time: at}},
		{"nested with code", `{"message": {"message": "m", "extraInfo": {"timestamp": 1767225600}, "errorCode": 7}}`,
			ErrorFile{Message: "m", Time: at, Code: 7}},
		{"flat", `{"message": "text", "timestamp": 1767225600}`, ErrorFile{Message: "text", Time: at}},
		{"flat, time as text", `{"message": "text", "timestamp": "1767225600"}`, ErrorFile{Message: "text", Time: at}},
		{"flat, no time", `{"message": "text"}`, ErrorFile{Message: "text"}},
		{"time before 1970", `{"message": "text", "timestamp": -1}`, ErrorFile{Message: "text"}},
		{"time beyond reason", `{"message": "text", "timestamp": 1e300}`, ErrorFile{Message: "text"}},
		{"time is no number", `{"message": "text", "timestamp": {}, "errorCode": "x"}`, ErrorFile{Message: "text"}},
		{"time is not one", `{"message": "text", "timestamp": "NaN", "errorCode": "inf"}`, ErrorFile{Message: "text"}},
		{"unknown fields", `{"message": "text", "hostname": ["a"], "x": null}`, ErrorFile{Message: "text"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseErrorFile([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	for name, text := range map[string]string{
		"empty": "", "truncated": `{"message": {"mess`, "other shape": `["message"]`, "number": `{"message": 3}`,
		"null": `{"message": null}`, "nothing said": `{"message": ""}`, "no message": `{"timestamp": 3}`,
		"two values": `{"message": "a"}{"message": "b"}`, "inner of wrong type": `{"message": {"message": [1]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if e, err := parseErrorFile([]byte(text)); err == nil {
				t.Errorf("%q gave %+v", text, e)
			}
		})
	}
}

func TestReadErrorFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "error.json")
	if _, err := ReadErrorFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"message": "m"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := ReadErrorFile(path); err != nil || e.Message != "m" {
		t.Errorf("%+v, %v", e, err)
	}
	huge := `{"message": "` + strings.Repeat("x", MaxErrorFile) + `"}`
	if err := os.WriteFile(path, []byte(huge), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadErrorFile(path); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a huge file gives %v", err)
	}
	if _, err := ReadErrorFile(dir); err == nil {
		t.Error("a directory was read")
	}
}

func FuzzErrorFile(f *testing.F) {
	f.Add([]byte(`{"message": {"message": "m", "extraInfo": {"py_callstack": "t", "timestamp": "1767225600"}, "errorCode": 3}}`))
	f.Add([]byte(`{"message": "text", "timestamp": 10}`))
	f.Add([]byte(`{"message": {"mess`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parseErrorFile(data)
		if err != nil {
			return
		}
		if e.Message == "" && e.Callstack == "" {
			t.Errorf("%q says nothing and is no error", data)
		}
		if !e.Time.IsZero() && (e.Time.Unix() < 0 || e.Time.UTC().Year() > 9999) {
			t.Errorf("%q gives the time %v", data, e.Time)
		}
	})
}
