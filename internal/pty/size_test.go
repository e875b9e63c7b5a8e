package pty

import (
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"80x24": {Cols: 80, Rows: 24}, "120X40": {Cols: 120, Rows: 40}, "1x1": {Cols: 1, Rows: 1}, "65535x65535": {Cols: 65535, Rows: 65535},
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, why := range map[string]string{
		"": "COLUMNSxROWS", "80": "COLUMNSxROWS", "x": "columns", "80x": "rows", "0x24": "columns", "80x0": "rows",
		"80x65536": "rows", "-1x24": "columns", "+80x24": "columns", "80 x 24": "columns", "80x24x2": "rows", "80×24": "COLUMNSxROWS",
	} {
		got, err := ParseSize(text)
		if err == nil || !strings.Contains(err.Error(), why) || got != (Size{}) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"80x24", "0x0", "65536x1", "x", "١x٢", "080x024"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSize(text)
		if err != nil {
			if s != (Size{}) {
				t.Fatalf("%q: %v beside %v", text, s, err)
			}
			return
		}
		if s.Cols == 0 || s.Rows == 0 {
			t.Fatalf("%q: %v", text, s)
		}
		if again, err := ParseSize(s.String()); err != nil || again != s {
			t.Fatalf("%q: %v, then %v, %v", text, s, again, err)
		}
	})
}
