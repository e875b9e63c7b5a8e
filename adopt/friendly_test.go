package adopt

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePanes(t *testing.T) {
	got, err := parsePanes("%0 /dev/pts/3 4711 0 0\n%12 /dev/pts/14 4711 1 1\n")
	want := []pane{{"%0", "/dev/pts/3", 4711, false, false}, {"%12", "/dev/pts/14", 4711, true, true}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(pane{})); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func FuzzParsePanes(f *testing.F) {
	f.Add("%0 /dev/pts/3 4711 0 0\n")
	f.Add("%1  9 1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		panes, err := parsePanes(text)
		if err != nil {
			return
		}
		for _, p := range panes {
			again, err := parsePanes(fmt.Sprintf("%s %s %d %d 0", p.id, p.tty, p.server, map[bool]int{true: 1}[p.inMode]))
			if err != nil || again[0].id != p.id || again[0].tty != p.tty || again[0].inMode != p.inMode {
				t.Errorf("%+v and %+v, %v", p, again, err)
			}
		}
	})
}

// FuzzOctal undoes what screen undoes.
func FuzzOctal(f *testing.F) {
	f.Add([]byte("a b\\ ^M $HOME #\x00\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got []byte
		for text := octal(data); text != ""; {
			if text[0] != '\\' {
				got, text = append(got, text[0]), text[1:]
				continue
			}
			n, err := strconv.ParseUint(text[1:4], 8, 8)
			if err != nil {
				t.Fatal(err)
			}
			got, text = append(got, byte(n)), text[4:]
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%q became %q", data, got)
		}
	})
}

func FuzzParseEnviron(f *testing.F) {
	f.Add([]byte("A=1\x00B=x=y\x00A=2\x00C\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for name := range parseEnviron(data) {
			if bytes.Count([]byte(name), []byte("=")) > 0 {
				t.Errorf("a name %q", name)
			}
		}
	})
}

func TestParseEnviron(t *testing.T) {
	want := map[string]string{"A": "1", "B": "x=y"}
	if diff := cmp.Diff(want, parseEnviron([]byte("A=1\x00B=x=y\x00A=2\x00C\x00"))); diff != "" {
		t.Error(diff)
	}
}
