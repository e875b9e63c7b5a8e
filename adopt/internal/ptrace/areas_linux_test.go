//go:build amd64 || arm64

package ptrace

import "testing"

func FuzzParseAreas(f *testing.F) {
	for _, text := range []string{"", "7ffd1000-7ffd2000 r-xp 00000000 00:00 0                          [vdso]\n",
		"55d0-55d1 rw-p 00000000 fe:00 12 /a b\n", "2-1 r-xp 0 0 0", "x"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := parseAreas(data)
		for _, a := range all {
			if a.end < a.start {
				t.Errorf("%+v", a)
			}
		}
	})
}
