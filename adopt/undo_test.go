package adopt

import (
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
