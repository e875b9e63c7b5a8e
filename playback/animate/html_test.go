package animate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicerun/sluice/cast"
	"github.com/sluicerun/sluice/vt/render"
)

func page(t testing.TB, r *recording, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r.h, r.all(), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inside returns what a page has in a script.
func inside(t testing.TB, page, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, begin)
	found, _, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("nothing between %q and %q", begin, end)
	}
	return found
}

func TestHTMLRecording(t *testing.T) {
	r := shell().add(5100, cast.Marker, "</script><script>alert(1)</script>").add(5200, cast.Input, "typed").add(9000, cast.Output, "late")
	p := page(t, r, Options{Until: 6 * time.Second})
	data, err := base64.StdEncoding.DecodeString(inside(t, p, `id="recording">`, "</script>"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := cast.NewReader(bytes.NewReader(data), cast.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []cast.Event
	for e, err := range in.All() {
		if err != nil {
			t.Fatal(err)
		}
		e.Data = bytes.Clone(e.Data)
		got = append(got, e)
	}
	want := r.events[:len(r.events)-1]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (- want, + got):\n%s", diff)
	}
	h := in.Header()
	if h.Theme == nil || h.Theme.BG != "#121314" || len(h.Theme.Palette) != 16 || h.Width != 40 || h.Height != 8 || h.Title != r.h.Title {
		t.Errorf("the header is %+v", h)
	}
}

// Nothing of a recording can end a script or begin one, and nothing is loaded.
func TestHTMLIsSafe(t *testing.T) {
	r := newRecording(10, 2).out(0, "</script><script>alert(1)</script>")
	r.h.Title = `</title><script>alert("2")</script>`
	p := page(t, r, Options{Draw: render.Options{FontFamily: `</script><script>alert(3)</script>`}})
	if n := strings.Count(strings.ToLower(p), "</script"); n != 3 {
		t.Errorf("%d scripts end, want 3", n)
	}
	if strings.Contains(p, "<script>alert") {
		t.Error("a script of the recording is in the page")
	}
	if found := regexp.MustCompile(`(?i:<(link|img|iframe|script src)|@import)|\burl\([^#]`).FindString(p); found != "" {
		t.Errorf("the page loads something: %s", found)
	}
	policy := inside(t, p, `Content-Security-Policy" content="`, `"`)
	parts := strings.Split(p, "<script>")
	if len(parts) != 3 {
		t.Fatalf("%d scripts run, want 2", len(parts)-1)
	}
	for _, s := range parts[1:] {
		code, _, _ := strings.Cut(s, "</script>")
		if !strings.Contains(policy, "'"+policyHash([]byte(code))+"'") {
			t.Errorf("the policy %s forbids the script %.40q", policy, code)
		}
	}
}

func TestHTMLOptions(t *testing.T) {
	r := editor(3)
	r.h.IdleTimeLimit = 20 * ms
	got := func(o Options) map[string]any {
		var m map[string]any
		text := inside(t, page(t, r, o), `document.getElementById("player"), `, ");\n")
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		o    Options
		want map[string]any
	}{
		{Options{}, map[string]any{"fit": "width", "theme": "auto/asciinema", "speed": 1., "idleTimeLimit": .02, "poster": "npt:0"}},
		{Options{Speed: 2, IdleLimit: -1, From: time.Second, Cols: 20, Rows: 10,
			Draw: render.Options{FontSize: 20, FontFamily: "Iosevka", HideCursor: true, BoldBright: true}},
			map[string]any{"fit": false, "theme": "auto/asciinema", "speed": 2., "startAt": 1., "poster": "npt:1", "cols": 20., "rows": 10.,
				"terminalFontSize": "20px", "terminalFontFamily": "Iosevka", "cursorMode": "hidden", "boldIsBright": true}},
		// 30 pauses of 33 ms are 20 ms each.
		{Options{Poster: time.Second}, map[string]any{"fit": "width", "theme": "auto/asciinema", "speed": 1., "idleTimeLimit": .02, "poster": "npt:0.6"}},
	} {
		if diff := cmp.Diff(c.want, got(c.o)); diff != "" {
			t.Errorf("%+v (- want, + got):\n%s", c.o, diff)
		}
	}
}

func TestPlayer(t *testing.T) {
	js, css := Player()
	if !bytes.Contains(js, []byte("var AsciinemaPlayer=")) || !bytes.Contains(css, []byte(".ap-wrapper")) {
		t.Errorf("the player is %.100q, its style %.100q", js, css)
	}
}
