package report

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCopyErrorFile(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		code     int
		want     string
	}{
		{"nested", `{"message": {"message": "boom", "extraInfo": {"timestamp": "10", "x": [1.50]}}, "other": 1}`, 85,
			`{"message":{"errorCode":85,"extraInfo":{"timestamp":"10","x":[1.50]},"message":"boom"},"other":1}`},
		{"by a signal", `{"message":{"message":"boom"}}`, -11, `{"message":{"errorCode":-11,"message":"boom"}}`},
		{"exit code 0", `{"message": {"message": "boom"}}`, 0, `{"message": {"message": "boom"}}`},
		{"flat", `{"message": "boom", "timestamp": 10}`, 85, `{"message": "boom", "timestamp": 10}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, dst := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
			os.WriteFile(src, []byte(tt.in), 0o600)
			os.WriteFile(dst, []byte("an older one"), 0o600)
			if err := CopyErrorFile(src, dst, tt.code); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(dst); string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	t.Run("half a file", func(t *testing.T) {
		src, dst := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
		os.WriteFile(src, []byte(`{"message": {"mess`), 0o600)
		os.WriteFile(dst, []byte("an older one"), 0o600)
		if err := CopyErrorFile(src, dst, 1); err == nil {
			t.Error("it was copied")
		}
		if got, _ := os.ReadFile(dst); string(got) != "an older one" {
			t.Errorf("the older one is %q now", got)
		}
		if left, _ := filepath.Glob(dst + ".*"); left != nil {
			t.Errorf("%v are left", left)
		}
	})
}
